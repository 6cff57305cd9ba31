//! Takes what is left of a request's body before it is answered.
//!
//! Most refusals are decided before the body is read: who is not signed in, asks for a path that is not there, or sends too
//! much. A client that speaks HTTP/1 is still writing then, and a connection that is closed on it takes the answer away.
//! HTTP/2 tells it to stop, and who asked whether it may send is told before it does. Intake does the same for agents.

use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Error, Router,
    body::{Body, Bytes},
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use http::{Version, header};
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt as _;
use parking_lot::Mutex;

/// What is taken at most: more than any body that is accepted.
const MOST_BYTES: usize = 2 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(2);

/// Takes what every handler of `router` leaves unread.
pub fn apply(router: Router) -> Router {
    router.layer(from_fn(take))
}

async fn take(request: Request, next: Next) -> Response {
    let asks_first = request.headers().contains_key(header::EXPECT);
    if request.version() >= Version::HTTP_2 || asks_first {
        return next.run(request).await;
    }
    let given_back = Arc::new(Mutex::new(None));
    let lent = |body| Body::new(Lent { body, owner: Arc::clone(&given_back) });
    let response = next.run(request.map(lent)).await;
    let unread = given_back.lock().take();
    if let Some(body) = unread {
        drop(tokio::time::timeout(LONGEST, drain(body)).await);
    }
    response
}

async fn drain(mut body: Body) {
    let mut left = MOST_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let taken = frame.data_ref().map_or(0, Bytes::len);
        left = left.saturating_sub(taken);
        if left == 0 {
            return;
        }
    }
}

/// A body that goes back to its owner when its reader drops it.
#[derive(Debug)]
struct Lent {
    body: Body,
    owner: Arc<Mutex<Option<Body>>>,
}

impl http_body::Body for Lent {
    type Data = Bytes;
    type Error = Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if !http_body::Body::is_end_stream(&self.body) {
            *self.owner.lock() = Some(std::mem::take(&mut self.body));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use axum::routing::post;
    use http::StatusCode;
    use tower::ServiceExt as _;

    use super::*;

    /// Frames of a kilobyte; counts those that are taken.
    struct Frames {
        left: usize,
        taken: Arc<AtomicUsize>,
    }

    impl http_body::Body for Frames {
        type Data = Bytes;
        type Error = Error;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Error>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            self.left -= 1;
            self.taken.fetch_add(1, Ordering::Relaxed);
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0; 1024])))))
        }
    }

    /// How many of so many frames are taken from a request that is refused unread.
    async fn taken(frames: usize, version: Version, expect: Option<&str>) -> usize {
        let taken = Arc::new(AtomicUsize::new(0));
        let body = Body::new(Frames { left: frames, taken: Arc::clone(&taken) });
        let refuse = post(|| async { StatusCode::UNAUTHORIZED });
        let mut request = Request::post("/").version(version);
        if let Some(expect) = expect {
            request = request.header(header::EXPECT, expect);
        }
        let router = apply(Router::new().route("/", refuse));
        let response = router.oneshot(request.body(body).unwrap()).await.unwrap();
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        taken.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn who_is_refused_while_still_sending_gets_the_answer() {
        assert_eq!(taken(70, Version::HTTP_11, None).await, 70);
        // Within bounds.
        assert_eq!(taken(1_000_000, Version::HTTP_11, None).await, MOST_BYTES / 1024);
    }

    #[tokio::test]
    async fn who_can_be_told_to_stop_is() {
        assert_eq!(taken(70, Version::HTTP_2, None).await, 0);
        assert_eq!(taken(70, Version::HTTP_11, Some("100-continue")).await, 0);
    }

    #[tokio::test]
    async fn a_body_that_is_read_is_read_once() {
        let taken = Arc::new(AtomicUsize::new(0));
        let body = Body::new(Frames { left: 5, taken: Arc::clone(&taken) });
        let count = post(|body: Bytes| async move { body.len().to_string() });
        let router = apply(Router::new().route("/", count));
        let request = Request::post("/").body(body).unwrap();
        let answer = router.oneshot(request).await.unwrap().into_body().collect().await.unwrap();
        assert_eq!((answer.to_bytes(), taken.load(Ordering::Relaxed)), (Bytes::from("5120"), 5));
    }
}
