import type { ApiRequest } from './api.ts'

/** A call of one of the agent's tools. */
export interface AgentCall {
  name: string
  input: Record<string, string>
}

type Tools = Record<string, (text: string) => Record<string, string>>

/** What the user may ask for, and the tools of agents for it. */
const TOOLS: Record<string, Tools> = {
  Run: {
    // Claude Code; Continue
    Bash: (command) => ({ command, description: 'Runs what was requested' }),
    // OpenCode
    bash: (command) => ({ command, description: 'Runs what was requested' }),
    // Codex
    exec_command: (cmd) => ({ cmd }),
    // Tests of libraries
    shell: (command) => ({ command }),
  },
  // Claude Code, which reads images in this way
  Read: { Read: (path) => ({ file_path: path }) },
}

const ASKED = /(Run|Read) `([^`]+)`/

/**
 * The call with which a model would answer the last message, if the user asks for something that a tool of the agent
 * does. Undefined for anything else, above all for the result of a tool.
 */
export function agentCallFor({ messages, input, tools = [] }: ApiRequest): AgentCall | undefined {
  const items = messages ?? (Array.isArray(input) ? input : [{ role: 'user', content: input }])
  // Claude Code may add a message of the system at the end.
  const last = items.findLast(({ role }) => role !== 'system')
  const text = JSON.stringify(last ?? '')
  if (last?.role !== 'user' || text.includes('"tool_result"')) return undefined
  const [, verb = '', object = ''] = ASKED.exec(text) ?? []
  const fitting = TOOLS[verb] ?? {}
  const name = tools.map((tool) => tool.name ?? tool.function?.name ?? '').find((tool) => tool in fitting)
  return name === undefined ? undefined : { name, input: fitting[name]?.(object) ?? {} }
}
