ARG NODE_IMAGE=node:24-slim

FROM ${NODE_IMAGE} AS build
# Some builders keep this stage as an image without a name; the label shows a later clean-up that it is ours.
LABEL ai-deploy.stage=build
WORKDIR /app
COPY package.json package-lock.json ./
# Of the packages for development the build needs the compiler, the bundler and types only; the others are far larger.
RUN node -e "for (const file of ['package.json', 'package-lock.json']) { \
    const json = JSON.parse(fs.readFileSync(file, 'utf8')); \
    const { devDependencies } = json.packages ? json.packages[''] : json; \
    for (const name in devDependencies) if (!/^(typescript$|esbuild$|@types\/)/.test(name)) delete devDependencies[name]; \
    fs.writeFileSync(file, JSON.stringify(json, null, 2)); \
  }"
# better-sqlite3 comes prebuilt for most machines; where it does not, it is compiled.
RUN npm ci --ignore-scripts --no-update-notifier \
  && (npm rebuild better-sqlite3 \
    || (apt-get update && apt-get install -y --no-install-recommends python3 make g++ && npm rebuild better-sqlite3))
COPY tsconfig.json config.yml ./
COPY kit ./kit
COPY proxy ./proxy
COPY logdb ./logdb
COPY scripts/bundle.mjs ./scripts/
# Types are checked before a release; a small server only turns TypeScript into JavaScript.
RUN npx tsc -p tsconfig.json --noCheck --declaration false \
  && node scripts/bundle.mjs \
  && npm prune --omit=dev --ignore-scripts \
  && rm -rf node_modules/better-sqlite3/deps node_modules/better-sqlite3/src node_modules/better-sqlite3/build/Release/obj* \
  && node -e "globalThis.db = new (require('better-sqlite3'))(':memory:')"

FROM ${NODE_IMAGE}
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8123
WORKDIR /app
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
COPY --from=build /app/package.json /app/config.yml ./
# A server's folder may be mounted where it is there, in /root: let others pass through.
RUN mkdir logs && chown node:node logs && chmod 711 /root
USER node
EXPOSE 8123
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8123/health').then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/proxy/main.js"]
