//! The last attempts of agents to report, for the page that helps to connect one.
//!
//! Alike attempts of one sender are one entry with a count. Failures and successes have places of their own, so that a
//! hundred healthy agents do not push out the one that fails.

use std::{collections::VecDeque, net::IpAddr};

use daemon::{
    clock::UnixNanos,
    listener::{HandshakeCause, HandshakeFailure},
};
use parking_lot::Mutex;

/// Entries kept of each kind; 50 in all.
const FAILURES: usize = 35;
const SUCCESSES: usize = 15;

/// Longest text kept of what a sender chose.
const MAX_TEXT: usize = 300;

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AttemptResult {
    Accepted,
    /// Taken, but some items were refused.
    PartlyRefused,
    /// Taken, but items were refused for their times.
    ClockOff,
    /// Refused as a whole; a short name of the cause, such as `unknown_key`, `wrong_path`, `too_big`.
    Refused(&'static str),
    /// The TLS handshake failed; a short name of the cause, such as `not_trusted`.
    Tls(&'static str),
}

impl AttemptResult {
    fn is_success(self) -> bool {
        self == AttemptResult::Accepted
    }

    /// The short name.
    pub fn name(self) -> &'static str {
        match self {
            AttemptResult::Accepted => "accepted",
            AttemptResult::PartlyRefused => "partly_refused",
            AttemptResult::ClockOff => "clock_off",
            AttemptResult::Refused(cause) | AttemptResult::Tls(cause) => cause,
        }
    }
}

/// An attempt, or several alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When the last of them was.
    pub at: UnixNanos,
    pub sender: Option<IpAddr>,
    /// As in `OTEL_EXPORTER_OTLP_PROTOCOL`, or `tls`.
    pub transport: &'static str,
    /// The path that was asked for; empty for TLS.
    pub path: String,
    pub result: AttemptResult,
    /// HTTP's or gRPC's, by transport; 0 for TLS.
    pub code: u32,
    /// What the agent was told.
    pub message: String,
    /// What to do about it; empty where there is nothing to do.
    pub remedy: String,
    /// `service.name`, where the body was read.
    pub tier: Option<String>,
    /// How many there were.
    pub count: u64,
}

/// An attempt to be noted.
pub(super) struct Noted<'n> {
    pub(super) at: UnixNanos,
    pub(super) sender: Option<IpAddr>,
    pub(super) transport: &'static str,
    pub(super) path: &'n str,
    pub(super) result: AttemptResult,
    pub(super) code: u32,
    pub(super) message: &'n str,
    pub(super) remedy: &'n str,
    pub(super) tier: Option<&'n str>,
}

#[derive(Debug, Default)]
pub(super) struct Attempts {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The oldest first.
    failures: VecDeque<Attempt>,
    successes: VecDeque<Attempt>,
}

impl Attempts {
    /// What comes without a sender comes from this process, which nobody has to connect.
    pub(super) fn note(&self, noted: Noted<'_>) {
        if noted.sender.is_none() {
            return;
        }
        let mut kept = self.kept.lock();
        let Kept { failures, successes } = &mut *kept;
        let (list, places) =
            if noted.result.is_success() { (successes, SUCCESSES) } else { (failures, FAILURES) };
        let attempt = match list.iter().position(|attempt| noted.is_like(attempt)) {
            Some(index) => {
                let mut attempt = list.remove(index).expect("the position was found");
                attempt.count += 1;
                attempt.at = noted.at;
                attempt.message = cleaned(noted.message);
                attempt
            }
            None => noted.into_attempt(),
        };
        list.push_back(attempt);
        if list.len() > places {
            list.pop_front();
        }
    }

    pub(super) fn tls_failed(&self, failure: &HandshakeFailure, at: UnixNanos) {
        let message = format!("{}: {}", failure.cause, failure.detail);
        self.note(Noted {
            at,
            sender: Some(failure.peer.ip().to_canonical()),
            transport: "tls",
            path: "",
            result: AttemptResult::Tls(failure.cause.name()),
            code: 0,
            message: &message,
            remedy: &tls_remedy(failure),
            tier: None,
        });
    }

    /// Newest first.
    pub(super) fn list(&self) -> Vec<Attempt> {
        let kept = self.kept.lock();
        let mut all: Vec<Attempt> = kept.failures.iter().chain(&kept.successes).cloned().collect();
        all.sort_by_key(|attempt| std::cmp::Reverse(attempt.at));
        all
    }
}

impl Noted<'_> {
    fn is_like(&self, attempt: &Attempt) -> bool {
        attempt.sender == self.sender
            && attempt.result == self.result
            && attempt.transport == self.transport
            && attempt.path == cut_off(self.path)
            && attempt.tier.as_deref() == self.tier.map(cut_off)
    }

    fn into_attempt(self) -> Attempt {
        Attempt {
            at: self.at,
            sender: self.sender,
            transport: self.transport,
            // Kept as sent, so that the next one is recognised; URIs hold no control characters.
            path: cut_off(self.path).to_owned(),
            result: self.result,
            code: self.code,
            message: cleaned(self.message),
            remedy: self.remedy.to_owned(),
            tier: self.tier.map(|tier| cut_off(tier).to_owned()),
            count: 1,
        }
    }
}

fn cut_off(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

fn cleaned(text: &str) -> String {
    cut_off(text).chars().map(|char| if char.is_control() { ' ' } else { char }).collect()
}

fn tls_remedy(failure: &HandshakeFailure) -> String {
    let name = failure.server_name.as_deref().map(cut_off);
    match failure.cause {
        HandshakeCause::NotTrusted | HandshakeCause::Unused => {
            let name = name.map(|name| format!(", and check that the certificate names {name}"));
            format!(
                "give the agent the CA from /ca.pem (OTEL_EXPORTER_OTLP_CERTIFICATE){}",
                name.unwrap_or_default()
            )
        }
        HandshakeCause::ClockOff => "set the clocks of sender and server (NTP)".to_owned(),
        HandshakeCause::PlainHttp => "use https:// in OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(),
        HandshakeCause::TimedOut | HandshakeCause::Closed => {
            "check the network and any proxy between sender and server".to_owned()
        }
        HandshakeCause::Protocol => "the sender must speak TLS 1.2 or 1.3".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(sender: u8, result: AttemptResult, at: u64) -> Noted<'static> {
        Noted {
            at: UnixNanos(at),
            sender: Some(IpAddr::from([10, 0, 0, sender])),
            transport: "grpc",
            path: "/p",
            result,
            code: 0,
            message: "m\n",
            remedy: "r",
            tier: Some("shop"),
        }
    }

    #[test]
    fn alike_attempts_are_counted_not_listed() {
        let attempts = Attempts::default();
        for at in 0..1000 {
            attempts.note(noted(1, AttemptResult::Refused("unknown_key"), at));
        }
        attempts.note(noted(2, AttemptResult::Accepted, 5));
        let list = attempts.list();
        assert_eq!(list.len(), 2);
        assert_eq!(
            (list[0].count, list[0].at, list[0].message.as_str()),
            (1000, UnixNanos(999), "m ")
        );
        assert_eq!(list[1].result, AttemptResult::Accepted);
    }

    #[test]
    fn healthy_senders_do_not_push_out_a_failing_one() {
        let attempts = Attempts::default();
        attempts.note(noted(1, AttemptResult::Refused("wrong_path"), 0));
        for sender in 0..250 {
            attempts.note(noted(sender, AttemptResult::Accepted, u64::from(sender) + 1));
        }
        let list = attempts.list();
        assert_eq!(list.len(), SUCCESSES + 1);
        assert_eq!(
            list.last().expect("there are some").result,
            AttemptResult::Refused("wrong_path")
        );
    }

    #[test]
    fn the_oldest_failure_goes_first() {
        let attempts = Attempts::default();
        for sender in 0..100 {
            attempts.note(noted(sender, AttemptResult::Tls("not_trusted"), u64::from(sender)));
        }
        let list = attempts.list();
        assert_eq!(list.len(), FAILURES);
        assert_eq!(list[0].at, UnixNanos(99));
    }
}
