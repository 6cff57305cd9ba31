//! What the reference exports and imports besides, and Vedette has no counterpart of: said in a sentence.

/// Paths by how they begin, and what there is instead.
const ABSENT: [(&str, &str); 6] = [
    (
        "/controller/CustomDashboardImportExportServlet",
        "Vedette has no custom dashboards to export or import: its pages are made for it, and Grafana draws others from \
         /prometheus/api/v1",
    ),
    (
        "/controller/transactiondetection/",
        "Vedette has no rules of transaction detection to export or import: transactions are named by what agents report \
         (route, RPC method, message destination), and are excluded, grouped and promoted by /api/v1/business-transactions",
    ),
    (
        "/controller/ConfigObjectImportExportServlet",
        "an application's configuration is not exported as one file: health rules are under /controller/healthrules/{app}, \
         policies under /controller/policies/{app}, actions under /controller/actions/{app}",
    ),
    (
        "/controller/analyticsdynamicservice/",
        "Vedette has no analytics of agents to export or import: spans and logs are searched as they came",
    ),
    (
        "/controller/actiontemplate",
        "there are templates of the kinds email and httprequest: /controller/actiontemplate/httprequest",
    ),
    (
        "/controller/api/accounts/",
        "action suppressions are under /controller/alerting/rest/v1/applications/{app}/action-suppressions; there are no \
         licences to ask for",
    ),
];

/// Why a path is not there, where more can be said than that it is not.
pub(in crate::controller) fn sentence(path: &str) -> Option<&'static str> {
    ABSENT.iter().find(|(begin, _)| path.starts_with(begin)).map(|(_, sentence)| *sentence)
}
