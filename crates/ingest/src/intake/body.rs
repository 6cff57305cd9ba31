//! Reading a body under a cap, and paying for it before it comes.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header::CONTENT_LENGTH};
use http_body_util::BodyExt;

use super::{
    Shared,
    budget::Reservation,
    refused::{Cause, Refused},
};

/// How long to go on taking what is thrown away, so that a sender that only writes gets to read its answer.
const DRAIN: Duration = Duration::from_secs(2);
/// And how much, in bodies of the largest size. Nothing of it is kept.
const DRAINED_BODIES: usize = 4;

impl Shared {
    /// Reads a body within the cap, beside which `framing` bytes may stand. A body of known length is paid for before
    /// any of it is taken, and none is read that the journal would not take.
    pub(super) async fn read_body(
        &self,
        headers: &HeaderMap,
        body: &mut Body,
        framing: usize,
    ) -> Result<(Bytes, Reservation), Refused> {
        let cap = self.config.limits.body_bytes + framing;
        let mut reservation = self.budget.reservation();
        let declared = content_length(headers);
        if declared.is_some_and(|length| length > cap as u64) {
            return Err(self.body_too_big());
        }
        // An unknown length is paid for as it comes, but somebody who finds no room at all should not begin.
        let first = declared.map_or(1, |length| length as usize);
        if let Some(error) = self.journal.refusal(self.budget.held() + first) {
            return Err(self.not_appended(error));
        }
        self.pay(&mut reservation, first)?;
        let reading = self.read_frames(body, declared, cap, &mut reservation);
        match tokio::time::timeout(self.config.limits.body_timeout, reading).await {
            Ok(read) => read.map(|bytes| (bytes, reservation)),
            Err(_) => Err(self.too_slow()),
        }
    }

    async fn read_frames(
        &self,
        body: &mut Body,
        declared: Option<u64>,
        cap: usize,
        reservation: &mut Reservation,
    ) -> Result<Bytes, Refused> {
        let mut whole = Frames::None;
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| {
                Refused::malformed("body", format!("the body ended early: {error}"))
            })?;
            let Ok(data) = frame.into_data() else { continue };
            let length = whole.len() + data.len();
            if length > cap {
                return Err(self.body_too_big());
            }
            if length > reservation.held() {
                self.pay(reservation, length - reservation.held())?;
            }
            whole.push(data, declared.unwrap_or(0) as usize);
        }
        Ok(whole.into_bytes())
    }

    /// Takes and drops what is left of a body, within bounds. HTTP/1 has no other way to tell a sender that is still
    /// writing: closing on it would lose the answer. HTTP/2 has one, a reset of the stream behind the answer, yet there
    /// are clients that throw the answer away when they meet it, curl 7.88 among them.
    pub(super) async fn drain(&self, body: &mut Body) {
        let mut left = DRAINED_BODIES * self.config.limits.body_bytes;
        let draining = async {
            while let Some(Ok(frame)) = body.frame().await {
                let taken = frame.data_ref().map_or(0, Bytes::len);
                left = left.saturating_sub(taken);
                if left == 0 {
                    break;
                }
            }
        };
        // One that is not done by then is cut off.
        drop(tokio::time::timeout(DRAIN, draining).await);
    }

    fn body_too_big(&self) -> Refused {
        Refused::too_big("the body", self.config.limits.body_bytes)
    }

    fn pay(&self, reservation: &mut Reservation, bytes: usize) -> Result<(), Refused> {
        reservation.grow(bytes).map_err(|room| self.no_room(room))
    }

    /// The refusal of a request that the budget has no room for.
    pub(super) fn no_room(&self, room: super::budget::NoRoom) -> Refused {
        let limits = &self.config.limits;
        Refused::no_room(room, limits.in_flight_bytes, limits.retry_after)
    }

    fn too_slow(&self) -> Refused {
        let limits = &self.config.limits;
        let seconds = limits.body_timeout.as_secs();
        Refused::new(Cause::TooSlow, format!("the body did not come within {seconds} s"))
            .remedy("the network between sender and server is very slow or loses packets")
            .retry_after(limits.retry_after)
    }
}

fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// Most bodies come in one frame, which need not be copied.
enum Frames {
    None,
    One(Bytes),
    More(BytesMut),
}

impl Frames {
    fn len(&self) -> usize {
        match self {
            Frames::None => 0,
            Frames::One(bytes) => bytes.len(),
            Frames::More(bytes) => bytes.len(),
        }
    }

    /// Appends a frame of a body that is said to have `expected` bytes, 0 where nothing is said.
    fn push(&mut self, data: Bytes, expected: usize) {
        match self {
            Frames::None => *self = Frames::One(data),
            Frames::One(first) => {
                // One whose length was said never grows: the journal keeps bodies for a while, and with them their room.
                let least = first.len() + data.len();
                let room = if expected >= least { expected } else { 2 * least };
                let mut bytes = BytesMut::with_capacity(room);
                bytes.extend_from_slice(first);
                bytes.extend_from_slice(&data);
                *self = Frames::More(bytes);
            }
            Frames::More(bytes) => bytes.extend_from_slice(&data),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Frames::None => Bytes::new(),
            Frames::One(bytes) => bytes,
            Frames::More(bytes) => bytes.freeze(),
        }
    }
}
