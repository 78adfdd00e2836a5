//! A body that ends with a fault where it is too long or too late.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio::time::Sleep;

use crate::bounds::Bounds;

/// Why a body was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// It has more bytes than it may have.
    TooLong,
    /// It did not arrive whole in time.
    TooLate,
}

impl fmt::Display for BodyFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLong => "the body is longer than it may be",
            Self::TooLate => "the body did not arrive whole in time",
        })
    }
}

impl std::error::Error for BodyFault {}

/// What became of a body, for whoever answers. Clones are about the same body.
#[derive(Clone, Default)]
pub(super) struct Fate(Option<Arc<Mutex<Option<BodyFault>>>>);

impl Fate {
    /// Why the body was given up, if it was.
    pub(super) fn fault(&self) -> Option<BodyFault> {
        *self.0.as_ref()?.lock()
    }
}

/// `body` within `bounds`, and in `fate` what becomes of it. The time begins here.
pub(super) fn bounded(body: Body, bounds: &Bounds, fate: &mut Fate) -> Body {
    if body.is_end_stream() {
        return body;
    }
    let fault = Arc::new(Mutex::new(None));
    fate.0 = Some(Arc::clone(&fault));
    Body::new(Bounded {
        body,
        fault,
        left: bounds.body_len_max,
        late: Box::pin(tokio::time::sleep_until(
            tokio::time::Instant::now() + bounds.body_within,
        )),
    })
}

struct Bounded {
    body: Body,
    fault: Arc<Mutex<Option<BodyFault>>>,
    /// Bytes that may still come.
    left: usize,
    late: Pin<Box<Sleep>>,
}

impl Bounded {
    fn give_up(&self, fault: BodyFault) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        *self.fault.lock() = Some(fault);
        Poll::Ready(Some(Err(fault.into())))
    }
}

impl HttpBody for Bounded {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        match polled {
            Poll::Ready(Some(Ok(frame))) => {
                let len = frame.data_ref().map_or(0, Bytes::len);
                match self.left.checked_sub(len) {
                    Some(left) => {
                        self.left = left;
                        Poll::Ready(Some(Ok(frame)))
                    }
                    None => self.give_up(BodyFault::TooLong),
                }
            }
            Poll::Ready(end) => Poll::Ready(end.map(|frame| frame.map_err(Into::into))),
            Poll::Pending => match self.late.as_mut().poll(context) {
                Poll::Ready(()) => self.give_up(BodyFault::TooLate),
                Poll::Pending => Poll::Pending,
            },
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
