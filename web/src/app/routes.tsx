// Which page a path opens. Everything behind the frame is loaded when first opened; the applications list is not.
import { createBrowserRouter, Navigate } from 'react-router'
import { Frame } from '../layout/Frame'
import { ApplicationsPage } from '../pages/Applications/ApplicationsPage'
import { NotFoundPage } from '../pages/NotFound/NotFoundPage'
import { RouteError } from '../pages/NotFound/RouteError'
import { SignInPage } from '../pages/SignIn/SignInPage'

export function createRouter() {
  return createBrowserRouter([
    { path: '/sign-in', element: <SignInPage />, errorElement: <RouteError /> },
    {
      path: '/',
      element: <Frame />,
      errorElement: <RouteError />,
      children: [
        { index: true, element: <Navigate to="/applications" replace /> },
        { path: 'applications', element: <ApplicationsPage /> },
        { path: 'applications/map', lazy: async () => ({ Component: (await import('../pages/ApplicationMap/ApplicationMapPage')).ApplicationMapPage }) },
        { path: 'connect', lazy: async () => ({ Component: (await import('../pages/Connect/ConnectPage')).ConnectPage }) },
        {
          path: 'alerting',
          lazy: async () => ({ Component: (await import('../pages/Alerting/AlertingFrame')).AlertingFrame }),
          children: [
            { index: true, element: <Navigate to="policies" replace /> },
            { path: 'policies', lazy: async () => ({ Component: (await import('../pages/Alerting/PoliciesPage')).PoliciesPage }) },
            { path: 'policies/:id', lazy: async () => { const { PolicyEditor } = await import('../pages/Alerting/PolicyEditor'); return { element: <PolicyEditor key="policies" kind="policies" /> } } },
            { path: 'digests', element: <Navigate to="/alerting/policies" replace /> },
            { path: 'digests/:id', lazy: async () => { const { PolicyEditor } = await import('../pages/Alerting/PolicyEditor'); return { element: <PolicyEditor key="digests" kind="digests" /> } } },
            { path: 'actions', lazy: async () => ({ Component: (await import('../pages/Alerting/ActionsPage')).ActionsPage }) },
            { path: 'actions/:id', lazy: async () => ({ Component: (await import('../pages/Alerting/ActionEditor')).ActionEditor }) },
            { path: 'suppressions', lazy: async () => ({ Component: (await import('../pages/Alerting/SuppressionsPage')).SuppressionsPage }) },
            { path: 'suppressions/:id', lazy: async () => ({ Component: (await import('../pages/Alerting/SuppressionEditor')).SuppressionEditor }) },
            { path: 'deliveries', lazy: async () => ({ Component: (await import('../pages/Alerting/DeliveriesPage')).DeliveriesPage }) },
          ],
        },
        {
          path: 'administration',
          lazy: async () => ({ Component: (await import('../pages/Administration/AdministrationFrame')).AdministrationFrame }),
          children: [
            { index: true, lazy: async () => ({ Component: (await import('../pages/Administration/AdministrationFrame')).FirstTab }) },
            { path: 'users', lazy: async () => ({ Component: (await import('../pages/Access/UsersPage')).UsersPage }) },
            { path: 'users/:userId', lazy: async () => ({ Component: (await import('../pages/Access/UserPage')).UserPage }) },
            { path: 'groups', lazy: async () => ({ Component: (await import('../pages/Access/GroupsPage')).GroupsPage }) },
            { path: 'groups/:groupId', lazy: async () => ({ Component: (await import('../pages/Access/GroupsPage')).GroupPage }) },
            { path: 'roles', lazy: async () => ({ Component: (await import('../pages/Access/RolesPage')).RolesPage }) },
            { path: 'roles/:roleId', lazy: async () => ({ Component: (await import('../pages/Access/RolesPage')).RolePage }) },
            { path: 'sessions', lazy: async () => ({ Component: (await import('../pages/Access/SessionsPage')).SessionsPage }) },
            { path: 'audit', lazy: async () => ({ Component: (await import('../pages/Access/AuditPage')).AuditPage }) },
            { path: 'keys', lazy: async () => ({ Component: (await import('../pages/Administration/KeysPage')).KeysPage }) },
            { path: 'clients', lazy: async () => ({ Component: (await import('../pages/Administration/ClientsPage')).ClientsPage }) },
            { path: 'notifications', lazy: async () => ({ Component: (await import('../pages/Administration/NotificationsPage')).NotificationsPage }) },
            { path: 'account', lazy: async () => ({ Component: (await import('../pages/Administration/AccountPage')).AccountPage }) },
            { path: 'storage', lazy: async () => ({ Component: (await import('../pages/Administration/StoragePage')).StoragePage }) },
            { path: 'limits', lazy: async () => ({ Component: (await import('../pages/Administration/LimitsPage')).LimitsPage }) },
            { path: 'attempts', lazy: async () => ({ Component: (await import('../pages/Administration/AttemptsPage')).AttemptsPage }) },
            { path: 'health', lazy: async () => ({ Component: (await import('../pages/Administration/HealthPage')).HealthPage }) },
          ],
        },
        { path: 'profile', lazy: async () => ({ Component: (await import('../pages/Access/ProfilePage')).ProfilePage }) },
        { path: 'api/docs', lazy: async () => ({ Component: (await import('../pages/ApiDocs/ApiDocsPage')).ApiDocsPage }) },
        { path: 'traces', lazy: async () => ({ Component: (await import('../pages/Traces/TracesPage')).TracesPage }) },
        { path: 'traces/compare', lazy: async () => ({ Component: (await import('../pages/CompareTraces/CompareTracesPage')).CompareTracesPage }) },
        { path: 'logs', lazy: async () => ({ Component: (await import('../pages/Logs/LogsPage')).LogsPage }) },
        { path: 'events', lazy: async () => ({ Component: (await import('../pages/Events/EventsPage')).EventsPage }) },
        { path: 'violations', lazy: async () => ({ Component: (await import('../pages/Violations/ViolationsPage')).ViolationsPage }) },
        { path: 'violations/:violationId', lazy: async () => ({ Component: (await import('../pages/Violations/ViolationPage')).ViolationPage }) },
        { path: 'traces/:traceId', lazy: async () => ({ Component: (await import('../pages/Trace/TracePage')).TracePage }) },
        {
          path: 'applications/:applicationId',
          lazy: async () => ({ Component: (await import('../pages/Application/ApplicationFrame')).ApplicationFrame }),
          children: [
            { index: true, lazy: async () => ({ Component: (await import('../pages/Application/OverviewPage')).OverviewPage }) },
            { path: 'flow-map', lazy: async () => ({ Component: (await import('../pages/FlowMap/FlowMapPage')).FlowMapPage }) },
            { path: 'business-transactions', lazy: async () => ({ Component: (await import('../pages/BusinessTransactions/BusinessTransactionsPage')).BusinessTransactionsPage }) },
            { path: 'business-transactions/:btId', lazy: async () => ({ Component: (await import('../pages/BusinessTransaction/BusinessTransactionPage')).BusinessTransactionPage }) },
            { path: 'business-transaction-groups/:groupId', lazy: async () => ({ Component: (await import('../pages/TransactionGroup/TransactionGroupPage')).TransactionGroupPage }) },
            { path: 'tiers', lazy: async () => ({ Component: (await import('../pages/Tiers/TiersPage')).TiersPage }) },
            { path: 'tiers/:tierId', lazy: async () => ({ Component: (await import('../pages/Tier/TierPage')).TierPage }) },
            { path: 'nodes/:nodeId', lazy: async () => ({ Component: (await import('../pages/Node/NodePage')).NodePage }) },
            { path: 'backends', lazy: async () => ({ Component: (await import('../pages/Backends/BackendsPage')).BackendsPage }) },
            { path: 'backends/:backendId', lazy: async () => ({ Component: (await import('../pages/Backend/BackendPage')).BackendPage }) },
            { path: 'errors', lazy: async () => ({ Component: (await import('../pages/Errors/ErrorsPage')).ErrorsPage }) },
            { path: 'errors/:errorId', lazy: async () => ({ Component: (await import('../pages/Error/ErrorPage')).ErrorPage }) },
            { path: 'traces', lazy: async () => ({ Component: (await import('../pages/Traces/TracesPage')).TracesPage }) },
            { path: 'metrics', lazy: async () => ({ Component: (await import('../pages/Metrics/MetricsPage')).MetricsPage }) },
            { path: 'logs', lazy: async () => ({ Component: (await import('../pages/Logs/LogsPage')).ApplicationLogsPage }) },
            { path: 'events', lazy: async () => ({ Component: (await import('../pages/Events/EventsPage')).ApplicationEventsPage }) },
            { path: 'violations', lazy: async () => ({ Component: (await import('../pages/Violations/ViolationsPage')).ApplicationViolationsPage }) },
            { path: 'health-rules', lazy: async () => ({ Component: (await import('../pages/HealthRules/RulesPage')).RulesPage }) },
            { path: 'health-rules/:ruleId', lazy: async () => ({ Component: (await import('../pages/HealthRules/RuleEditor')).RuleEditor }) },
            { path: 'schedules', lazy: async () => ({ Component: (await import('../pages/HealthRules/SchedulesPage')).SchedulesPage }) },
            { path: 'schedules/:scheduleId', lazy: async () => ({ Component: (await import('../pages/HealthRules/ScheduleEditor')).ScheduleEditor }) },
            { path: 'baselines', lazy: async () => ({ Component: (await import('../pages/Baselines/BaselinesPage')).BaselinesPage }) },
            { path: 'snapshots', lazy: async () => ({ Component: (await import('../pages/Snapshots/SnapshotsPage')).SnapshotsPage }) },
          ],
        },
        { path: '*', element: <NotFoundPage /> },
      ],
    },
  ])
}
