//! The server's REST API as this tool uses it. All that is believed about its addresses and answers is here; what
//! comes out are the same totals the generator counts. Times are milliseconds since 1970.

pub(crate) mod exposition;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Formatter};

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::{Request, StatusCode};
use http_body_util::Full;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use self::exposition::Exposition;
use crate::data::expected::{Count, Place};
use crate::send::endpoint::{Endpoint, Version};
use crate::send::link::Link;

const PAGE: usize = 1000;
/// Transactions on a page that a person looks at.
const LIST: usize = 100;

#[derive(Debug)]
pub(crate) struct Api {
    link: Link,
    credentials: Option<String>,
}

/// Minutes to ask for: figures of minutes within are counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Range {
    pub(crate) from_ms: u64,
    pub(crate) to_ms: u64,
}

impl Display for Range {
    /// As query parameters.
    fn fmt(&self, out: &mut Formatter<'_>) -> std::fmt::Result {
        write!(out, "from={}&to={}", self.from_ms, self.to_ms)
    }
}

/// Ids and names of what an application consists of.
#[derive(Debug, Clone, Default)]
pub(crate) struct Estate {
    /// Its id.
    pub(crate) application: String,
    pub(crate) business_transactions: Vec<(String, String)>,
    /// Where transactions begin.
    pub(crate) entry_tiers: Vec<(String, String)>,
    pub(crate) tiers: Vec<(String, String)>,
}

/// What the server shows of one application.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shown {
    pub(crate) business_transactions: BTreeMap<(String, String), Count>,
    pub(crate) tiers: BTreeMap<String, Count>,
    pub(crate) edges: BTreeMap<(Place, Place), Count>,
    /// Reasons why an answer said that it is not whole.
    pub(crate) partial: Vec<String>,
}

/// A metric over a range.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct ShownMetric {
    pub(crate) sum: f64,
    pub(crate) count: f64,
}

#[derive(Debug, Deserialize)]
struct MetricData {
    items: Vec<MetricSeries>,
}

#[derive(Debug, Deserialize)]
struct MetricSeries {
    points: Vec<MetricPoint>,
}

#[derive(Debug, Deserialize)]
struct MetricPoint {
    sum: f64,
    count: f64,
}

#[derive(Debug, Deserialize)]
struct Page<T> {
    items: Vec<T>,
    #[serde(default)]
    next: Option<String>,
    #[serde(default)]
    partial: Option<Partial>,
}

#[derive(Debug, Deserialize)]
struct Partial {
    reasons: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: Json,
    name: String,
}

#[derive(Debug, Deserialize)]
struct Figures {
    calls: f64,
    errors: f64,
}

#[derive(Debug, Deserialize)]
struct BusinessTransaction {
    name: String,
    tier: Named,
    figures: Figures,
}

/// A business transaction without its figures.
#[derive(Debug, Deserialize)]
struct Transaction {
    id: Json,
    name: String,
    tier: Named,
}

#[derive(Debug, Deserialize)]
struct Tier {
    name: String,
    figures: Figures,
}

#[derive(Debug, Deserialize)]
struct FlowMap {
    nodes: Vec<MapNode>,
    edges: Vec<MapEdge>,
    #[serde(default)]
    partial: Option<Partial>,
}

#[derive(Debug, Deserialize)]
struct MapNode {
    id: Json,
    kind: String,
    name: String,
}

#[derive(Debug, Deserialize)]
struct MapEdge {
    from: Json,
    to: Json,
    figures: Figures,
}

impl From<Figures> for Count {
    /// Weighted counts are shown as numbers; this data set has weight one and whole counts.
    fn from(figures: Figures) -> Self {
        Self { calls: figures.calls.round() as u64, errors: figures.errors.round() as u64 }
    }
}

impl Api {
    pub(crate) fn new(endpoint: Endpoint, sign_in: Option<(&str, &str)>) -> Self {
        let basic =
            |(user, password)| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
        Self { link: Link::new(endpoint, Version::Http1), credentials: sign_in.map(basic) }
    }

    /// Status and body of any address.
    pub(crate) async fn get(&mut self, path: &str) -> Result<(StatusCode, Bytes)> {
        let mut request = Request::get(path);
        if let Some(credentials) = &self.credentials {
            request = request.header(AUTHORIZATION, credentials);
        }
        let request =
            request.body(Full::default()).with_context(|| format!("{path} is no address"))?;
        let reply = self.link.ask(request).await.with_context(|| format!("GET {path} failed"))?;
        Ok((reply.status, reply.body))
    }

    async fn json<T: DeserializeOwned>(&mut self, path: &str) -> Result<T> {
        let (status, body) = self.get(path).await?;
        let text = String::from_utf8_lossy(&body[..body.len().min(500)]);
        ensure!(status == StatusCode::OK, "GET {path} answered {status}: {text}");
        serde_json::from_slice(&body)
            .with_context(|| format!("GET {path} answered an unexpected shape: {text}"))
    }

    /// The server's own counters and gauges.
    pub(crate) async fn metrics(&mut self) -> Result<Exposition> {
        let (status, text) = self.get("/metrics").await?;
        ensure!(status == StatusCode::OK, "GET /metrics answered {status}");
        Ok(Exposition::parse(&String::from_utf8_lossy(&text)))
    }

    /// Number of spans shown for the trace; none when it is not found.
    pub(crate) async fn trace_spans(&mut self, trace_id: &str) -> Result<Option<usize>> {
        let path = format!("/api/v1/traces/{trace_id}");
        let (status, body) = self.get(&path).await?;
        if status == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        ensure!(
            status == StatusCode::OK,
            "GET {path} answered {status}: {}",
            String::from_utf8_lossy(&body)
        );
        let trace: Json =
            serde_json::from_slice(&body).with_context(|| format!("GET {path} is no JSON"))?;
        Ok(Some(
            trace["spans"].as_array().with_context(|| format!("GET {path} has no spans"))?.len(),
        ))
    }

    /// The value that an attribute has in a trace's first span; none when there is no such trace.
    pub(crate) async fn attribute_of_trace(
        &mut self,
        trace_id: &str,
        key: &str,
    ) -> Result<Option<String>> {
        let (status, body) = self.get(&format!("/api/v1/traces/{trace_id}")).await?;
        if status != StatusCode::OK {
            return Ok(None);
        }
        let trace: Json = serde_json::from_slice(&body)
            .with_context(|| format!("trace {trace_id} is no JSON"))?;
        Ok(trace["spans"][0]["attributes"][key].as_str().map(str::to_owned))
    }

    /// The metric at an address made by `metric_data`; none when no such metric is there.
    pub(crate) async fn metric(&mut self, address: &str) -> Result<Option<ShownMetric>> {
        let data: MetricData = self.json(address).await?;
        let Some(series) = data.items.first() else { return Ok(None) };
        let sum = series.points.iter().map(|point| point.sum).sum();
        let count = series.points.iter().map(|point| point.count).sum();
        Ok(Some(ShownMetric { sum, count }))
    }

    /// All figures of the application; nothing when it is not there.
    pub(crate) async fn shown(&mut self, application: &str, range: Range) -> Result<Shown> {
        let query = range.to_string();
        let mut shown = Shown::default();
        let Some(id) = self.application(application, &query, &mut shown.partial).await? else {
            return Ok(shown);
        };
        let base = format!("/api/v1/applications/{id}");
        let path = format!("{base}/business-transactions");
        let transactions: Vec<BusinessTransaction> =
            self.all(&path, &query, &mut shown.partial).await?;
        shown.business_transactions = transactions
            .into_iter()
            .map(|bt| ((bt.tier.name, bt.name), bt.figures.into()))
            .collect();
        let tiers: Vec<Tier> =
            self.all(&format!("{base}/tiers"), &query, &mut shown.partial).await?;
        shown.tiers = tiers.into_iter().map(|tier| (tier.name, tier.figures.into())).collect();
        let map: FlowMap = self.json(&format!("{base}/flow-map?{query}")).await?;
        shown.partial.extend(map.partial.iter().flat_map(|p| p.reasons.clone()));
        shown.edges = edges(map)?;
        Ok(shown)
    }

    /// What to ask about; none when there is no such application.
    pub(crate) async fn estate(
        &mut self,
        application: &str,
        range: Range,
    ) -> Result<Option<Estate>> {
        let (query, mut partial) = (range.to_string(), Vec::new());
        let Some(id) = self.application(application, &query, &mut partial).await? else {
            return Ok(None);
        };
        let base = format!("/api/v1/applications/{id}");
        let named = |item: Named| (key(&item.id), item.name);
        let path = format!("{base}/business-transactions");
        let transactions: Vec<Transaction> = self.all(&path, &query, &mut partial).await?;
        let tiers: Vec<Named> = self.all(&format!("{base}/tiers"), &query, &mut partial).await?;
        let (mut business_transactions, mut entry_tiers) = (Vec::new(), BTreeSet::new());
        for Transaction { id, name, tier } in transactions {
            business_transactions.push((key(&id), name));
            entry_tiers.insert(named(tier));
        }
        let entry_tiers = entry_tiers.into_iter().collect();
        let tiers = tiers.into_iter().map(named).collect();
        Ok(Some(Estate { application: id, business_transactions, entry_tiers, tiers }))
    }

    async fn application(
        &mut self,
        name: &str,
        query: &str,
        partial: &mut Vec<String>,
    ) -> Result<Option<String>> {
        let applications: Vec<Named> = self.all("/api/v1/applications", query, partial).await?;
        Ok(applications.into_iter().find(|a| a.name == name).map(|found| key(&found.id)))
    }

    /// Every page of a list.
    async fn all<T: DeserializeOwned>(
        &mut self,
        path: &str,
        query: &str,
        partial: &mut Vec<String>,
    ) -> Result<Vec<T>> {
        let (mut items, mut cursor) = (Vec::new(), String::new());
        loop {
            let page: Page<T> = self.json(&format!("{path}?{query}&limit={PAGE}{cursor}")).await?;
            items.extend(page.items);
            partial.extend(page.partial.into_iter().flat_map(|p| p.reasons));
            match page.next {
                Some(next) => cursor = format!("&cursor={}", percent_encoded(&next)),
                None => return Ok(items),
            }
        }
    }
}

/// Address of the newest transactions that `which` says, whether or not they are snapshots.
pub(crate) fn traces(which: &str, range: Range) -> String {
    format!("/api/v1/snapshots?{which}&kept=false&limit={LIST}&{range}")
}

/// Address of the newest spans that `which` says.
pub(crate) fn spans(which: &str, range: Range) -> String {
    format!("/api/v1/spans?{which}&limit={LIST}&{range}")
}

/// What asks for spans with an attribute.
pub(crate) fn attribute(key: &str, value: &str) -> String {
    format!("attribute={}", percent_encoded(&format!("{key}={value}")))
}

/// Address of the metrics at a path of the tree.
pub(crate) fn metric_data(application: &str, path: &str, range: Range) -> String {
    let path = percent_encoded(path);
    format!("/api/v1/applications/{application}/metric-data?path={path}&{range}")
}

/// Ids are compared as text, whether the server sends numbers or strings.
/// An expression of PromQL at an instant.
pub(crate) fn query_at(expression: &str, at_ms: u64) -> String {
    let at = at_ms as f64 / 1000.0;
    format!("/prometheus/api/v1/query?query={}&time={at}", percent_encoded(expression))
}

/// An expression of PromQL at each minute of the half hour up to an instant.
pub(crate) fn query_range(expression: &str, end_ms: u64) -> String {
    let (start, end) = (end_ms as f64 / 1000.0 - 1800.0, end_ms as f64 / 1000.0);
    let expression = percent_encoded(expression);
    format!("/prometheus/api/v1/query_range?query={expression}&start={start}&end={end}&step=60")
}

fn key(id: &Json) -> String {
    id.as_str().map_or_else(|| id.to_string(), str::to_owned)
}

fn percent_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|b| if plain(b) { (b as char).to_string() } else { format!("%{b:02X}") })
        .collect()
}

fn edges(map: FlowMap) -> Result<BTreeMap<(Place, Place), Count>> {
    let places: BTreeMap<String, Place> =
        map.nodes.iter().map(|node| (key(&node.id), place(node))).collect();
    let mut edges = BTreeMap::<_, Count>::new();
    for edge in map.edges {
        let end = |id: &Json| {
            places
                .get(&key(id))
                .cloned()
                .with_context(|| format!("an edge ends at unknown node {id}"))
        };
        let (from, to, figures) = (end(&edge.from)?, end(&edge.to)?, Count::from(edge.figures));
        let count = edges.entry((from, to)).or_default();
        count.calls += figures.calls;
        count.errors += figures.errors;
    }
    Ok(edges)
}

/// A backend is known by the `host:port` in its name, whatever stands around it; a queue by its destination.
fn place(node: &MapNode) -> Place {
    match node.kind.as_str() {
        "backend" => Place::Backend(address_in(&node.name).unwrap_or(&node.name).to_owned()),
        "queue" => Place::Queue(destination_in(&node.name).to_owned()),
        _ => Place::Tier(node.name.clone()),
    }
}

fn address_in(name: &str) -> Option<&str> {
    let part = |c: char| c.is_ascii_alphanumeric() || "-._:".contains(c);
    let is_address = |word: &&str| {
        word.rsplit_once(':')
            .is_some_and(|(host, port)| host.len() > 1 && port.parse::<u16>().is_ok())
    };
    name.split(|c| !part(c)).find(is_address)
}

/// Queues of the data set are named `jobs.service-N`.
fn destination_in(name: &str) -> &str {
    name.split(|c: char| c.is_whitespace() || "/()".contains(c))
        .find(|word| word.starts_with("jobs."))
        .unwrap_or(name)
}
