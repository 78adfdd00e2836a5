//! `/identity-providers`: identity providers elsewhere whose SAML assertions are taken.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use tollgate::{Audience, Engine, IdentityProvider, PutIdentityProvider, RemoveIdentityProvider, Seen, SubjectMapping};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::entity::{Entity, change, gone};
use super::fault::no_such_record;
use super::fields::{Text, audiences, some};
use super::issued::about_body;
use super::listing::{Listed, whole};
use super::problem::Problem;
use super::query::no_query;
use super::sent::Sent;
use super::tags::{IfMatch, IfNoneMatch};
use crate::control::{IdentityProviderShown, ProviderTerms, id_of};

/// An identity provider whose assertions are to be taken: named by its entity ID, by its metadata, or by both.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewIdentityProvider {
    /// Its entity ID, to the letter; where it is left out, that of the metadata.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 1024, pattern = "^[!-~]+$",
        example = "https://idp.example.com/metadata")]
    issuer: Option<String>,
    /// Its metadata, an XML document; the certificates in it that sign are taken.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String, required = false)]
    metadata: Option<String>,
    /// Its certificates, in PEM.
    #[serde(default)]
    #[schema(max_items = 8)]
    certificates: Vec<String>,
    /// Whom its assertions must be meant for: one of these.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 16, example = json!(["https://auth.example.com"]))]
    audiences: Vec<Text<Audience>>,
    /// What they must name as recipient; where it is left out, the token endpoint that is asked.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String, required = false, min_length = 1, max_length = 1024, pattern = "^[!-~]+$")]
    recipient: Option<String>,
    /// What names our user: `nameid`, or `attribute:` and its Name; `nameid` where it is left out.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = String, required = false, example = "attribute:email")]
    subject: Option<Text<SubjectMapping>>,
    /// How far its clock may differ from ours, in seconds; 60 where it is left out.
    #[serde(default, deserialize_with = "some")]
    #[schema(value_type = u32, required = false, minimum = 0, maximum = 300)]
    skew_s: Option<u32>,
    /// Whether a user who is not there is added. Else the assertion is refused.
    #[serde(default)]
    creates_users: bool,
}

/// Lists identity providers
///
/// In the order of their entity IDs.
#[utoipa::path(get, path = "/admin/v1/identity-providers", operation_id = "listIdentityProviders", tag = "identity-providers",
    responses((status = 200, description = "All whose assertions are taken", body = Listed<IdentityProviderShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(|engine| Ok(whole::<_, IdentityProviderShown>(&engine.identity_providers()?)));
    found.await?.answer(&call.uri)
}

/// Takes the assertions of an identity provider
///
/// What was said of the same provider before is replaced. Whoever holds its keys may name any user.
#[utoipa::path(put, path = "/admin/v1/identity-providers", operation_id = "putIdentityProvider", tag = "identity-providers",
    params(IfMatch), request_body = NewIdentityProvider,
    responses((status = 200, description = "The provider as it is from now on", body = IdentityProviderShown)))]
pub(super) async fn put(
    State(api): State<Api>,
    call: Call,
    sent: Sent<NewIdentityProvider>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let sent = sent.value;
    api.run(move |engine| {
        let terms = ProviderTerms {
            issuer: sent.issuer,
            metadata: sent.metadata,
            certificates: sent.certificates.into_iter().map(String::into_bytes).collect(),
            audiences: audiences(sent.audiences),
            recipient: sent.recipient,
            subject: sent.subject.map(|Text(subject)| subject),
            skew_s: sent.skew_s,
            creates_users: sent.creates_users,
        };
        let provider = terms.provider()?;
        let id = id_of(&provider.issuer);
        let look = |engine: &Engine| look(engine, &id).map_err(|_| Problem::changed());
        let provider = change(engine, &call, look, PutIdentityProvider { provider }).map_err(about_body)?;
        Ok(Entity::of(&IdentityProviderShown::from(&provider))?.answer())
    })
    .await
}

/// Shows an identity provider
#[utoipa::path(get, path = "/admin/v1/identity-providers/{id}", operation_id = "showIdentityProvider", tag = "identity-providers",
    params(("id" = String, Path, description = "The provider's id, as the list shows it"), IfNoneMatch),
    responses((status = 200, description = "The provider", body = IdentityProviderShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(move |engine| look(engine, &id)).await?;
    Ok(found.1.found(&call))
}

/// Takes the assertions of an identity provider no more
///
/// They are refused when the answer is there. What they were exchanged for ends by itself, or is revoked.
#[utoipa::path(delete, path = "/admin/v1/identity-providers/{id}", operation_id = "removeIdentityProvider", tag = "identity-providers",
    params(("id" = String, Path, description = "The provider's id, as the list shows it"), IfMatch),
    responses((status = 204, description = "Its assertions are refused")))]
pub(super) async fn remove(State(api): State<Api>, call: Call, Segment(id): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    api.run(move |engine| {
        let issuer = found(engine, &id)?.issuer;
        change(
            engine,
            &call,
            |engine| look(engine, &id),
            RemoveIdentityProvider { issuer },
        )?;
        Ok(gone())
    })
    .await
}

fn found(engine: &Engine, id: &str) -> Result<IdentityProvider, Problem> {
    let mut providers = engine.identity_providers()?.into_iter();
    let none = || {
        let title = "There is no such record";
        Problem::new(
            StatusCode::NOT_FOUND,
            "no-such-identity-provider",
            title,
            no_such_record(),
        )
    };
    providers
        .find(|provider| id_of(&provider.issuer) == id)
        .ok_or_else(none)
}

fn look(engine: &Engine, id: &str) -> Result<(Seen, Entity), Problem> {
    let provider = found(engine, id)?;
    let entity = Entity::of(&IdentityProviderShown::from(&provider))?;
    Ok((Seen::IdentityProvider(Box::new(provider)), entity))
}
