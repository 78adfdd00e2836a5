//! `/audit`, `/audit/verify` and `/status`: what only is looked at.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use tollgate::{AuditChain, AuditOrder, Engine, PageError, ReadError};
use utoipa::ToSchema;

use super::api::Api;
use super::call::Call;
use super::entity::{json, written};
use super::listing::{Listed, PageParameters, Wanted, page};
use super::problem::Problem;
use super::query::{Query, no_query};
use crate::control::{AuditEntryShown, StatusShown, status};

/// Entries that are read at a time.
const ENTRIES_AT_A_TIME: usize = 1_000;

/// Which end of the trail comes first.
#[derive(utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "it stands for the parameter that is read by hand")]
pub(super) struct Order {
    /// Which end of the trail comes first; the newest where it is left out.
    #[param(inline, nullable = false)]
    order: Option<OrderWord>,
}

/// An end of the trail.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
#[allow(dead_code, reason = "it stands for the parameter that is read by hand")]
enum OrderWord {
    Newest,
    Oldest,
}

/// What a look at the whole trail found.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditVerdict)]
pub(super) struct Chain {
    /// Whether every entry is there, unchanged and in its place.
    whole: bool,
    /// Entries up to the end, or up to the fault.
    entries: u64,
    /// The digest of the last of them; zeros where there is none. Kept elsewhere, it shows later whether the end was cut off.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    head: String,
    /// What is not as it must be.
    #[schema(required)]
    fault: Option<String>,
}

/// Lists the audit trail
///
/// Every administrative change: who made it, from where, when, and what was before and after. The newest first.
#[utoipa::path(get, path = "/admin/v1/audit", operation_id = "listAudit", tag = "audit", params(PageParameters, Order),
    responses((status = 200, description = "A page of the trail", body = Listed<AuditEntryShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    let query = Query::of(&call.uri, ["limit", "cursor", "order"])?;
    let order = match query.value("order") {
        None | Some("newest") => AuditOrder::NewestFirst,
        Some("oldest") => AuditOrder::OldestFirst,
        Some(_) => {
            let detail = "expected `order` to be `newest` or `oldest`";
            return Err(Problem::malformed("unexpected-query", detail));
        }
    };
    let Wanted { cursor, limit } = Wanted::of(&query)?;
    let found = api.run(move |engine| page::<_, AuditEntryShown>(engine.audit(order, cursor.as_deref(), limit)));
    found.await?.answer(&call.uri)
}

/// Verifies the audit trail
///
/// Reads every entry and follows the chain of digests. One such request is carried out at a time.
#[utoipa::path(get, path = "/admin/v1/audit/verify", operation_id = "verifyAudit", tag = "audit",
    responses((status = 200, description = "What was found", body = Chain)))]
pub(super) async fn verify(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let chain = api.walk(follow).await?;
    Ok(json(written(&chain)?))
}

fn follow(engine: &Engine) -> Result<Chain, Problem> {
    let (mut chain, mut cursor) = (AuditChain::default(), None::<String>);
    let shown = |chain: &AuditChain, fault: Option<String>| Chain {
        whole: fault.is_none(),
        entries: chain.entries(),
        head: chain.head().to_string(),
        fault,
    };
    loop {
        let page = match engine.audit(AuditOrder::OldestFirst, cursor.as_deref(), ENTRIES_AT_A_TIME) {
            Ok(page) => page,
            // To find this is what the request is for.
            Err(PageError::Read(ReadError::Damaged(damage))) => return Ok(shown(&chain, Some(damage.to_string()))),
            Err(error) => return Err(error.into()),
        };
        for entry in &page.items {
            if let Err(fault) = chain.follow(entry) {
                return Ok(shown(&chain, Some(fault.to_string())));
            }
        }
        match page.next {
            Some(next) => cursor = Some(next),
            None => return Ok(shown(&chain, None)),
        }
    }
}

/// Says how the server is
#[utoipa::path(get, path = "/admin/v1/status", operation_id = "showStatus", tag = "status",
    responses((status = 200, description = "How the server is", body = StatusShown)))]
pub(super) async fn show_status(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    Ok(json(written(&status(api.host()))?))
}
