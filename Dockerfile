ARG NODE_IMAGE=node:24-slim

# Only the compiler is installed here, as package-lock.json names it. Types are checked before a release, so a small server
# only turns TypeScript into JavaScript. The label shows a later clean-up that an image without a name is ours.
FROM ${NODE_IMAGE} AS compile
LABEL ai-deploy.stage=build
WORKDIR /app
COPY package-lock.json ./
RUN mkdir /compiler && node -e " \
    const { packages } = JSON.parse(fs.readFileSync('package-lock.json', 'utf8')); \
    const typescript = packages['node_modules/typescript']; \
    const root = { dependencies: { typescript: typescript.version } }; \
    const lock = { lockfileVersion: 3, packages: { '': root, 'node_modules/typescript': typescript } }; \
    fs.writeFileSync('/compiler/package.json', JSON.stringify(root)); \
    fs.writeFileSync('/compiler/package-lock.json', JSON.stringify(lock));" \
  && npm ci --prefix /compiler --ignore-scripts --no-update-notifier
COPY package.json tsconfig.json ./
COPY kit ./kit
COPY proxy ./proxy
COPY logdb ./logdb
RUN echo '{ "extends": "./tsconfig.json", "compilerOptions": { "types": [], "noCheck": true, "declaration": false } }' > tsconfig.image.json \
  && node /compiler/node_modules/typescript/bin/tsc -p tsconfig.image.json

FROM ${NODE_IMAGE} AS dependencies
LABEL ai-deploy.stage=build
WORKDIR /app
COPY package.json package-lock.json ./
# Of the packages for development the build needs the compiler and types only; the others are ten times as large.
RUN node -e "for (const file of ['package.json', 'package-lock.json']) { \
    const json = JSON.parse(fs.readFileSync(file, 'utf8')); \
    const { devDependencies } = json.packages ? json.packages[''] : json; \
    for (const name in devDependencies) if (!/^(typescript$|@types\/)/.test(name)) delete devDependencies[name]; \
    fs.writeFileSync(file, JSON.stringify(json, null, 2)); \
  }"
# better-sqlite3 comes prebuilt for most machines; where it does not, it is compiled.
RUN npm ci --omit=dev --ignore-scripts --no-update-notifier \
  && (npm rebuild better-sqlite3 \
    || (apt-get update && apt-get install -y --no-install-recommends python3 make g++ && npm rebuild better-sqlite3)) \
  && rm -rf node_modules/better-sqlite3/deps node_modules/better-sqlite3/src node_modules/better-sqlite3/build/Release/obj* \
  && node -e "globalThis.db = new (require('better-sqlite3'))(':memory:')"

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8123
WORKDIR /app
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=compile /app/dist ./dist
COPY package.json config.yml ./
# A server's folder may be mounted where it is there, in /root: let others pass through.
RUN mkdir logs && chown node:node logs && chmod 711 /root
USER node
EXPOSE 8123
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8123/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/proxy/main.js"]
