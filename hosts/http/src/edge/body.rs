//! A body that ends with a fault where it is too long or too late.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
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

/// `body` within `bounds`. The time begins here.
pub(super) fn bounded(body: Body, bounds: &Bounds) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::new(Bounded {
        body,
        left: bounds.body_len_max,
        late: Box::pin(tokio::time::sleep_until(
            tokio::time::Instant::now() + bounds.body_within,
        )),
    })
}

struct Bounded {
    body: Body,
    /// Bytes that may still come.
    left: usize,
    late: Pin<Box<Sleep>>,
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
                    None => Poll::Ready(Some(Err(BodyFault::TooLong.into()))),
                }
            }
            Poll::Ready(end) => Poll::Ready(end.map(|frame| frame.map_err(Into::into))),
            Poll::Pending => match self.late.as_mut().poll(context) {
                Poll::Ready(()) => Poll::Ready(Some(Err(BodyFault::TooLate.into()))),
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
