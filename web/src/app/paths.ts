// Where each page lives.
export const paths = {
  signIn: '/sign-in',
  applications: '/applications',
  connect: '/connect',
  application: (id: number | string) => `/applications/${id}`,
  flowMap: (id: number | string) => `/applications/${id}/flow-map`,
  businessTransactions: (id: number | string) => `/applications/${id}/business-transactions`,
  businessTransaction: (application: number | string, id: number | string) => `/applications/${application}/business-transactions/${id}`,
  tiers: (id: number | string) => `/applications/${id}/tiers`,
  backends: (id: number | string) => `/applications/${id}/backends`,
  errors: (id: number | string) => `/applications/${id}/errors`,
  snapshots: (id: number | string) => `/applications/${id}/snapshots`,
  metrics: (id: number | string) => `/applications/${id}/metrics`,
  applicationLogs: (id: number | string) => `/applications/${id}/logs`,
  logs: '/logs',
  trace: (id: string) => `/traces/${id}`,
}
