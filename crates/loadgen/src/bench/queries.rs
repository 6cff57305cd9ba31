//! How long answers take over REST, once what was sent is stored: one request after the other on a connection that
//! is kept, so that no handshake is counted. A time ends when the whole answer has been read.

use std::borrow::Cow;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value as Json;

use super::times::Times;
use crate::api::{Api, Estate, Range, attribute, metric_data, query_range, spans, traces};
use crate::draws::Draws;
use crate::send::since;
use crate::wall;

/// Draws of queries come from a stream that neither generators nor templates use.
const QUERY_STREAM: u64 = (1 << 24) - 2;
const SLOW_MS: u32 = 100;
/// A kind of question whose answers take so long is asked less often.
const LONGEST: Duration = Duration::from_secs(20);
/// A pause between two questions, as a person makes one.
const ASK_EVERY: Duration = Duration::from_millis(20);
const LONGEST_RANGE_MS: u64 = 30 * 86_400_000;
/// Servers may look at their clock this seldom.
const CLOCK_GRAIN_MS: u64 = 1_000;

/// One kind of question, with the address of each request.
#[derive(Debug)]
pub(crate) struct Query {
    name: Cow<'static, str>,
    wanted: StatusCode,
    /// Where the server may refuse what is too much for it: counted with the answers that are not whole.
    may_be_refused: bool,
    addresses: Vec<String>,
}

/// An answer that would take more memory than one query may is refused so.
const TOO_MUCH: StatusCode = StatusCode::UNPROCESSABLE_ENTITY;

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Answered {
    pub(crate) name: Cow<'static, str>,
    /// Asked; fewer than wanted where answers took long.
    pub(crate) requests: usize,
    /// None when not one was answered as it should be.
    pub(crate) times: Option<Times>,
    pub(crate) bytes_per_answer: f64,
    /// Answers that said that they are not whole.
    pub(crate) partial: usize,
    pub(crate) failed: usize,
    pub(crate) first_failure: Option<String>,
}

/// What is stored that can be asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stored<'a> {
    /// Ids of traces.
    pub(crate) traces: &'a [String],
    /// Values of an attribute that hardly repeats.
    pub(crate) users: &'a [String],
}

impl Query {
    fn of(name: impl Into<Cow<'static, str>>, addresses: Vec<String>) -> Self {
        Self { name: name.into(), wanted: StatusCode::OK, may_be_refused: false, addresses }
    }
}

/// Draws the addresses of `requests` of each kind.
#[derive(Debug)]
pub(crate) struct Asker {
    requests: usize,
    draws: Draws,
}

impl Asker {
    pub(crate) fn new(requests: usize, seed: u64) -> Self {
        Self { requests, draws: Draws::new(seed, QUERY_STREAM) }
    }

    /// What people and pages ask of spans.
    pub(crate) fn of_spans(
        &mut self,
        estate: &Estate,
        stored: &Stored<'_>,
        range: Range,
    ) -> Vec<Query> {
        let mut queries = self.of_traces(estate, stored.traces, range);
        queries.extend(self.of_single_spans(estate, stored.users, range));
        queries.extend(self.of_attributes(estate, range));
        queries.extend(self.of_figures(estate, range));
        queries
    }

    fn of_traces(&mut self, estate: &Estate, stored: &[String], range: Range) -> Vec<Query> {
        let application = &estate.application;
        let id = |named: &(String, String)| named.0.clone();
        vec![
            self.one_of("trace by id", stored, |id| format!("/api/v1/traces/{id}")),
            self.unknown_traces(),
            self.same(
                "transactions of the application",
                traces(&format!("application={application}"), range),
            ),
            self.one_of("transactions of a BT", &estate.business_transactions, |bt| {
                traces(&format!("bt={}", id(bt)), range)
            }),
            self.one_of("transactions of a tier", &estate.entry_tiers, |tier| {
                traces(&format!("tier={}", id(tier)), range)
            }),
            self.same(
                "transactions over 100 ms",
                traces(&format!("min_duration_ms={SLOW_MS}"), range),
            ),
            self.same("transactions with errors", traces("outcome=ERROR", range)),
            self.same("transactions over 10 minutes", traces("min_duration_ms=600000", range)),
        ]
    }

    fn of_single_spans(&mut self, estate: &Estate, users: &[String], range: Range) -> Vec<Query> {
        let (frequent, failed) = (
            attribute("http.request.method", "GET"),
            attribute("http.response.status_code", "500"),
        );
        vec![
            self.one_of("spans of a tier", &estate.tiers, |(tier, _)| {
                spans(&format!("tier={tier}"), range)
            }),
            self.same("spans over 100 ms", spans(&format!("min_duration_ms={SLOW_MS}"), range)),
            self.same("spans with errors", spans("error=true", range)),
            self.same("spans by a frequent attribute", spans(&frequent, range)),
            self.one_of("spans by a frequent attribute, of a BT", &estate.business_transactions, {
                |(bt, _)| spans(&format!("bt={bt}&{failed}"), range)
            }),
            self.one_of("spans by a rare attribute", users, |user| {
                spans(&attribute("enduser.id", user), range)
            }),
            self.absent_users(range),
        ]
    }

    /// What a page suggests while somebody types.
    fn of_attributes(&mut self, estate: &Estate, range: Range) -> Vec<Query> {
        let application = &estate.application;
        let of =
            |path: &str| format!("/api/v1/span-attributes{path}application={application}&{range}");
        vec![
            self.same("keys of attributes", of("?")),
            self.same("values of a frequent attribute", of("/values?key=http.request.method&")),
            self.same("values that hardly repeat, by a part", of("/values?key=enduser.id&part=7&")),
        ]
    }

    fn absent_users(&mut self, range: Range) -> Query {
        let mut address = || {
            // Stored ones have eight digits.
            let user = format!("user-{:07}x", self.draws.below(10_000_000));
            spans(&attribute("enduser.id", &user), range)
        };
        let addresses = (0..self.requests).map(|_| address()).collect();
        Query::of("spans by an absent attribute", addresses)
    }

    fn of_figures(&mut self, estate: &Estate, range: Range) -> Vec<Query> {
        let application = &estate.application;
        let base = format!("/api/v1/applications/{application}");
        let metric = |(_, tier): &(String, String)| {
            let path = format!("Overall Application Performance|{tier}|Average Response Time (ms)");
            metric_data(application, &path, range)
        };
        let all_bts = "Business Transaction Performance|Business Transactions|*|*|Calls per Minute";
        vec![
            self.same(
                "BT list with figures",
                format!("{base}/business-transactions?{range}&limit=200"),
            ),
            self.same("every BT by the minute", metric_data(application, all_bts, range)),
            self.same("flow map", format!("{base}/flow-map?{range}")),
            self.one_of("metric of a tier", &estate.tiers, metric),
        ]
    }

    /// The most expensive that can be asked: everything there is, over longer than anything is kept, and what is nowhere.
    pub(crate) fn worst(&mut self, estate: &Estate, range: Range) -> Vec<Query> {
        let newest_ms = range.to_ms;
        let range = Range { from_ms: range.to_ms.saturating_sub(LONGEST_RANGE_MS), ..range };
        let application = &estate.application;
        let base = format!("/api/v1/applications/{application}");
        let nothing = traces(&format!("application={application}&min_duration_ms=99999999"), range);
        let everything = metric_data(application, "Overall Application Performance|*|*", range);
        let absent = attribute("enduser.id", "nobody");
        let all_series = query_range(r#"sum(rate({__name__=~".+"}[5m]))"#, newest_ms);
        vec![
            self.same("worst: spans by an absent attribute", spans(&absent, range)),
            self.one_of(
                "worst: spans by an absent attribute, of a BT",
                &estate.business_transactions,
                |(bt, _)| spans(&format!("bt={bt}&{absent}"), range),
            ),
            Query {
                may_be_refused: true,
                ..self.same("worst: rate of all series (PromQL)", all_series)
            },
            self.same(
                "worst: transactions with errors of a month",
                traces(&format!("application={application}&outcome=ERROR"), range),
            ),
            self.same("worst: transactions that none is as slow as", nothing),
            self.same("worst: every metric of every tier", everything),
            self.same(
                "worst: BTs of a month",
                format!("{base}/business-transactions?{range}&limit=1000"),
            ),
            self.same("worst: flow map of a month", format!("{base}/flow-map?{range}")),
            self.same("worst: nodes of a month", format!("{base}/nodes?{range}&limit=1000")),
        ]
    }

    pub(crate) fn same(&self, name: impl Into<Cow<'static, str>>, address: String) -> Query {
        Query::of(name, vec![address; self.requests])
    }

    /// Any of `things` each time; no request when there is none.
    pub(crate) fn one_of<T>(
        &mut self,
        name: &'static str,
        things: &[T],
        address: impl Fn(&T) -> String,
    ) -> Query {
        let requests = if things.is_empty() { 0 } else { self.requests };
        let addresses =
            (0..requests).map(|_| address(&things[self.draws.below(things.len())])).collect();
        Query::of(name, addresses)
    }

    fn unknown_traces(&mut self) -> Query {
        let mut address =
            || format!("/api/v1/traces/{:016x}{:016x}", self.draws.next(), self.draws.next());
        let addresses = (0..self.requests).map(|_| address()).collect();
        let query = Query::of("trace by unknown id", addresses);
        Query { wanted: StatusCode::NOT_FOUND, ..query }
    }
}

/// Figures by the minute are shown once their minute is over.
pub(crate) async fn wait_for_the_end_of(range: Range) {
    let left_ms = (range.to_ms + CLOCK_GRAIN_MS).saturating_sub(wall::unix_nanos() / 1_000_000);
    tokio::time::sleep(Duration::from_millis(left_ms)).await;
}

/// Asks everything, one kind after the other.
pub(crate) async fn ask(api: &mut Api, queries: &[Query]) -> Result<Vec<Answered>> {
    // Opens the connection.
    api.get("/readyz").await.context("the server does not answer")?;
    let mut answered = Vec::with_capacity(queries.len());
    for query in queries {
        let (mut log, began) = (AnswerLog::new(query), wall::instant());
        for number in 0..query.addresses.len() {
            if since(began) > LONGEST {
                break;
            }
            log.ask(api, number).await;
        }
        answered.push(log.answered());
    }
    Ok(answered)
}

/// Asks one of each kind after the other, again and again until `until`.
pub(crate) async fn ask_in_turn(
    api: &mut Api,
    queries: &[Query],
    until: Instant,
) -> Result<Vec<Answered>> {
    let mut logs: Vec<AnswerLog<'_>> =
        queries.iter().filter(|query| !query.addresses.is_empty()).map(AnswerLog::new).collect();
    for number in 0.. {
        for log in &mut logs {
            if wall::instant() >= until {
                return Ok(logs.into_iter().map(AnswerLog::answered).collect());
            }
            log.ask(api, number % log.query.addresses.len()).await;
            tokio::time::sleep(ASK_EVERY).await;
        }
    }
    unreachable!("numbers do not end before the time does")
}

/// Answers of one kind of query so far.
#[derive(Debug)]
struct AnswerLog<'q> {
    query: &'q Query,
    times_ms: Vec<f64>,
    bytes: usize,
    partial: usize,
    failed: usize,
    first_failure: Option<String>,
}

impl<'q> AnswerLog<'q> {
    fn new(query: &'q Query) -> Self {
        let (times_ms, first_failure) = (Vec::new(), None);
        Self { query, times_ms, bytes: 0, partial: 0, failed: 0, first_failure }
    }

    async fn ask(&mut self, api: &mut Api, number: usize) {
        let (address, started) = (&self.query.addresses[number], wall::instant());
        let (status, body) = match api.get(address).await {
            Ok(answer) => answer,
            // The next question opens a connection again.
            Err(error) => return self.fail(format!("{error:#}")),
        };
        let took_ms = since(started).as_secs_f64() * 1000.0;
        let is_too_much = self.query.may_be_refused && status == TOO_MUCH;
        if status != self.query.wanted && !is_too_much {
            return self.fail(format!("GET {address} answered {status}"));
        }
        self.times_ms.push(took_ms);
        self.bytes += body.len();
        self.partial += usize::from(is_too_much || is_partial(&body));
    }

    fn fail(&mut self, why: String) {
        self.failed += 1;
        self.first_failure.get_or_insert(why);
    }

    fn answered(self) -> Answered {
        Answered {
            name: self.query.name.clone(),
            requests: self.times_ms.len() + self.failed,
            bytes_per_answer: self.bytes as f64 / self.times_ms.len().max(1) as f64,
            times: Times::of(self.times_ms),
            partial: self.partial,
            failed: self.failed,
            first_failure: self.first_failure,
        }
    }
}

fn is_partial(body: &[u8]) -> bool {
    let says = |answer: Json| ["partial", "warnings"].iter().any(|why| !answer[why].is_null());
    serde_json::from_slice(body).is_ok_and(says)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::send::endpoint::{Endpoint, Trust};
    use crate::sweep::figures::{OF_SPANS, is_asked_as};

    fn estate() -> Estate {
        let named = |id: &str, name: &str| (id.to_owned(), name.to_owned());
        Estate {
            application: "7".to_owned(),
            business_transactions: vec![named("11", "GET /a"), named("12", "GET /b")],
            entry_tiers: vec![named("3", "service 0")],
            tiers: vec![named("3", "service 0")],
        }
    }

    fn queries(stored: &[String]) -> Vec<Query> {
        let range = Range { from_ms: 60_000, to_ms: 120_000 };
        let users = ["user-12345678".to_owned()];
        Asker::new(40, 7).of_spans(&estate(), &Stored { traces: stored, users: &users }, range)
    }

    fn addresses<'q>(queries: &'q [Query], name: &str) -> &'q [String] {
        &queries.iter().find(|query| query.name == name).unwrap().addresses
    }

    #[test]
    fn every_kind_is_asked_as_often_and_over_what_was_stored() {
        let queries = queries(&["ab".to_owned(), "cd".to_owned()]);
        assert!(queries.iter().all(|query| query.addresses.len() == 40));
        let of_bt = addresses(&queries, "transactions of a BT");
        for bt in ["bt=11", "bt=12"] {
            assert!(of_bt.iter().any(|address| address.contains(bt)), "{bt} is never asked");
        }
        let metric = &addresses(&queries, "metric of a tier")[0];
        assert!(
            metric.contains("%7Cservice%200%7C") && metric.ends_with("from=60000&to=120000"),
            "{metric}"
        );
    }

    #[test]
    fn the_worst_are_asked_over_a_month_and_of_every_bt() {
        let range = Range { from_ms: 60_000, to_ms: LONGEST_RANGE_MS * 2 };
        let worst = Asker::new(40, 7).worst(&estate(), range);
        assert!(worst.iter().all(|query| query.addresses.len() == 40));
        let month = format!("from={LONGEST_RANGE_MS}&to={}", LONGEST_RANGE_MS * 2);
        let of_bt = addresses(&worst, "worst: spans by an absent attribute, of a BT");
        for bt in ["bt=11&", "bt=12&"] {
            let is_it = |address: &String| address.contains(bt) && address.ends_with(&month);
            assert!(of_bt.iter().any(is_it), "{bt} is never asked");
        }
        let refused: Vec<_> = worst.iter().filter(|query| query.may_be_refused).collect();
        assert!(refused.len() == 1 && refused[0].addresses[0].contains("query_range"));
    }

    #[tokio::test]
    async fn a_question_that_nobody_answers_failed_and_the_next_is_asked() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let endpoint = Endpoint::parse(&format!("http://{closed}"), &Trust::Nothing).unwrap();
        let query = Query::of("a question", vec!["/readyz".to_owned()]);
        let (mut api, mut log) = (Api::new(endpoint, None), AnswerLog::new(&query));
        log.ask(&mut api, 0).await;
        log.ask(&mut api, 0).await;
        let answered = log.answered();
        assert_eq!((answered.requests, answered.failed, answered.times), (2, 2, None));
        assert!(answered.first_failure.unwrap().contains("/readyz"));
    }

    #[test]
    fn what_a_sweep_draws_is_asked() {
        let queries = queries(&["ab".to_owned()]);
        for question in OF_SPANS {
            let asked = queries.iter().filter(|query| is_asked_as(question, &query.name));
            assert_eq!(asked.count(), 1, "{question:?}");
        }
    }

    #[test]
    fn unknown_ids_differ_and_have_to_be_not_found() {
        let queries = queries(&[]);
        let unknown = queries.iter().find(|query| query.wanted == StatusCode::NOT_FOUND).unwrap();
        let ids: std::collections::BTreeSet<_> = unknown.addresses.iter().collect();
        assert_eq!(ids.len(), 40);
        assert!(ids.iter().all(|address| address.len() == "/api/v1/traces/".len() + 32));
    }

    #[test]
    fn without_stored_traces_none_is_asked_for() {
        assert!(addresses(&queries(&[]), "trace by id").is_empty());
    }

    #[test]
    fn an_answer_is_partial_when_it_says_why() {
        assert!(is_partial(br#"{"items":[],"partial":{"reasons":["time is over"]}}"#));
        assert!(is_partial(br#"{"status":"success","data":[],"warnings":["time is over"]}"#));
        assert!(!is_partial(br#"{"items":[],"partial":null}"#));
        assert!(!is_partial(b"{}") && !is_partial(b"no JSON"));
    }
}
