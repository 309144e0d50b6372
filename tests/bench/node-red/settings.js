// Node-RED for BENCH=store: it serves the flow and nothing else. PORT, KEY and API are the environment's.
module.exports = {
  uiHost: '127.0.0.1',
  uiPort: Number(process.env.PORT),
  flowFile: 'flows.json',
  credentialSecret: false,
  httpAdminRoot: false,
  externalModules: { autoInstall: false, palette: { allowInstall: false } },
  telemetry: { enabled: false, updateNotification: false },
  diagnostics: { enabled: false },
  runtimeState: { enabled: false },
  functionGlobalContext: { crypto: require('node:crypto') },
  logging: { console: { level: 'warn', metrics: false, audit: false } },
};
