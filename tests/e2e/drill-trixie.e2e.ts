import { describeDrillOn } from '../helpers/rig/drill-tests.ts'

describeDrillOn('trixie')
