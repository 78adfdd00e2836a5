//! Lists in pages.

use axum::http::{Uri, header};
use axum::response::Response;
use serde::Serialize;
use tollgate::{Page, PageError};
use utoipa::{IntoParams, ToSchema};

use super::entity::{json, put, written};
use super::problem::Problem;
use super::query::Query;

const LIMIT_MOST: usize = 1_000;
const LIMIT_FIRST: usize = 100;

/// A part of a list.
#[derive(Serialize, ToSchema)]
#[schema(as = Page)]
pub(super) struct Listed<T> {
    /// The items, in the order of the list.
    items: Vec<T>,
    /// Leads to the next page as the parameter `cursor`; null where this is the last.
    #[schema(required)]
    next: Option<String>,
}

/// Which part of a list.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "it stands for the parameters that are read by hand")]
pub(super) struct PageParameters {
    /// At most so many items.
    #[param(minimum = 1, maximum = 1000, default = 100, nullable = false)]
    limit: Option<u32>,
    /// `next` of the page before, for the same list.
    #[param(pattern = "^[0-9a-f]+$", nullable = false)]
    cursor: Option<String>,
}

/// Which part of a list is asked for.
pub(super) struct Wanted {
    pub(super) cursor: Option<String>,
    pub(super) limit: usize,
}

impl Wanted {
    pub(super) fn of<const N: usize>(query: &Query<'_, N>) -> Result<Self, Problem> {
        let limit = match query.value("limit") {
            None => LIMIT_FIRST,
            Some(text) => {
                let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
                let number = is_number.then(|| text.parse().ok()).flatten();
                number.filter(|limit| (1..=LIMIT_MOST).contains(limit)).ok_or_else(|| {
                    let detail = format!("expected `limit` to be a number from 1 to {LIMIT_MOST}");
                    Problem::malformed("unexpected-query", detail)
                })?
            }
        };
        Ok(Self {
            cursor: query.value("cursor").map(str::to_owned),
            limit,
        })
    }

    /// What the query of `uri` asks for, where a list takes no other parameters.
    pub(super) fn of_uri(uri: &Uri) -> Result<Self, Problem> {
        Self::of(&Query::of(uri, ["limit", "cursor"])?)
    }
}

/// A page of records, as they are shown.
pub(super) fn page<R, T: Serialize + for<'r> From<&'r R>>(
    found: Result<Page<R>, PageError>,
) -> Result<Listed<T>, Problem> {
    let page = found?;
    Ok(Listed {
        items: page.items.iter().map(T::from).collect(),
        next: page.next,
    })
}

/// A whole list, as they are shown.
pub(super) fn whole<R, T: for<'r> From<&'r R>>(found: &[R]) -> Listed<T> {
    Listed {
        items: found.iter().map(T::from).collect(),
        next: None,
    }
}

/// A whole list of what is shown.
pub(super) fn shown_whole<T>(items: Vec<T>) -> Listed<T> {
    Listed { items, next: None }
}

impl<T: Serialize> Listed<T> {
    /// The answer, with a link to the page that follows (RFC 8288).
    pub(super) fn answer(&self, uri: &Uri) -> Result<Response, Problem> {
        let mut answer = json(written(self)?);
        if let Some(next) = &self.next {
            let others = uri.query().unwrap_or_default().split('&');
            let mut query: String = others
                .filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="))
                .map(|pair| format!("{pair}&"))
                .collect();
            // A cursor is made of hexadecimal digits.
            query.push_str(&format!("cursor={next}"));
            put(
                &mut answer,
                header::LINK,
                &format!("<{}?{query}>; rel=\"next\"", uri.path()),
            );
        }
        Ok(answer)
    }
}
