//! The OpenAPI 3.1 document of the routes: what their annotations say, completed by what holds for all of them.

use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{
    Components, ContentBuilder, InfoBuilder, OpenApi, OpenApiBuilder, Ref, RefOr, Schema, tag::TagBuilder,
};
use utoipa::{PartialSchema as _, ToSchema as _};

use super::problem::ProblemShown;

/// The name of the one security scheme.
const SCHEME: &str = "admin_token";

/// What stands in front of every description of routes.
pub(super) fn empty() -> OpenApi {
    let words = "Administration of a Tollgate server, and its decisions as JSON. Every change is durable, and seen by every check, before it is answered.\n\n\
                 Requests need an administrator's token (`tollgate admin-token issue`); a reader's is good for GET alone. Errors are \
                 problem documents (RFC 9457) whose `type` stays what it is. Unknown parameters and fields are refused.";
    let info = InfoBuilder::new()
        .title("Tollgate")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(words));
    let tags = [
        ("users", "Who may call"),
        ("authtokens", "What they call with"),
        ("personal-tokens", "What they have made for themselves"),
        (
            "people",
            "What others are told of them, and how they prove who they are",
        ),
        ("clients", "Which programs may ask for tokens"),
        ("grants", "What clients were given, and taking it back"),
        ("logins", "Where users are logged in with a browser"),
        ("routes", "What paths take"),
        ("issuers", "Who else is believed"),
        ("identity-providers", "Whose word lets people in"),
        ("signing-keys", "What tokens are signed with"),
        ("networks", "From where"),
        ("settings", "What holds for everybody"),
        ("admin-tokens", "Who may administer"),
        ("feed-tokens", "Who may follow the feed"),
        ("audit", "What was changed, by whom"),
        ("status", "How the server is"),
        ("checks", "Decisions, for whoever asks about requests elsewhere"),
    ];
    let tags = tags.map(|(name, words)| TagBuilder::new().name(name).description(Some(words)).build());
    OpenApiBuilder::new()
        .info(info.build())
        .tags(Some(tags))
        .components(Some(Components::new()))
        .build()
}

/// The document with what holds for all routes.
pub(super) fn completed(mut document: OpenApi) -> OpenApi {
    let components = document.components.get_or_insert_with(Components::new);
    components
        .schemas
        .insert(ProblemShown::name().into_owned(), ProblemShown::schema());
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("tg_adm_…")
        .description(Some("An administrator's token"));
    components.add_security_scheme(SCHEME, SecurityScheme::Http(scheme.build()));
    for (path, item) in &mut document.paths.paths {
        let PathItem {
            get,
            post,
            put,
            patch,
            delete,
            ..
        } = item;
        if let Some(operation) = get {
            complete(operation, true);
        }
        for operation in [post, put, patch, delete].into_iter().flatten() {
            if path.starts_with("/admin/") {
                complete(operation, false);
            } else {
                // A trusted proxy needs no token there.
                operation.security = Some(vec![SecurityRequirement::default(), requirement()]);
            }
        }
    }
    document
}

fn requirement() -> SecurityRequirement {
    SecurityRequirement::new(SCHEME, Vec::<String>::new())
}

/// What the parameters and the body of an operation say about its answers.
struct Traits {
    only_looks: bool,
    is_about_one: bool,
    saves_looks: bool,
    is_conditional: bool,
    creates: bool,
    pages: bool,
    has_body: bool,
}

impl Traits {
    fn of(operation: &Operation, only_looks: bool) -> Self {
        let names = parameters(operation);
        let has = |name: &str| names.iter().any(|named| named == name);
        Self {
            only_looks,
            is_about_one: ["name", "id", "key", "client_id"].iter().any(|name| has(name)),
            saves_looks: has("If-None-Match"),
            is_conditional: has("If-Match"),
            creates: has("Idempotency-Key"),
            pages: has("cursor"),
            has_body: operation.request_body.is_some(),
        }
    }
}

/// Every answer that an operation can give beyond its own, and the header fields of its own.
fn complete(operation: &mut Operation, only_looks: bool) {
    operation.security = Some(vec![requirement()]);
    let traits = Traits::of(operation, only_looks);
    if let Some(RefOr::T(body)) = &mut operation.request_body {
        // It may be left out, which is not to say that it may be null.
        for content in body.content.values_mut() {
            if let RefOr::T(content) = content
                && let Some(RefOr::T(Schema::OneOf(either))) = &content.schema
            {
                content.schema = either.items.first().cloned();
            }
        }
    }
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let RefOr::T(response) = response {
            add_headers(response, status, &traits);
        }
    }
    if traits.saves_looks {
        let words = "The record has one of the entity tags that were named";
        let mut unchanged = ResponseBuilder::new().description(words).build();
        add_header(
            &mut unchanged,
            "ETag",
            "Says which state of the record this is; strong (RFC 9110)",
        );
        responses.insert("304".to_owned(), RefOr::T(unchanged));
    }
    for (applies, status, kind, words) in refusals(&traits) {
        if applies {
            responses.insert(status.to_string(), RefOr::T(refusal(status, kind, words)));
        }
    }
}

fn add_headers(response: &mut Response, status: &str, traits: &Traits) {
    if status != "204" && (traits.is_conditional || traits.creates || traits.saves_looks) {
        add_header(
            response,
            "ETag",
            "Says which state of the record this is; strong (RFC 9110)",
        );
    }
    if traits.creates {
        add_header(response, "Location", "Where the record is");
        add_header(
            response,
            "Idempotent-Replayed",
            "`true` where the record was created by an earlier request",
        );
    }
    if traits.pages {
        add_header(response, "Link", "The next page, with `rel=\"next\"` (RFC 8288)");
    }
    add_header(response, "X-Request-Id", "Names the request in the log");
}

/// Whether each refusal can come, its status, its kind, and when it comes.
fn refusals(traits: &Traits) -> [(bool, u16, &'static str, &'static str); 14] {
    let Traits {
        only_looks,
        is_about_one,
        saves_looks: _,
        is_conditional,
        creates,
        pages: _,
        has_body,
    } = *traits;
    [
        (
            true,
            400,
            "malformed",
            "The request cannot be read: its query, a condition, or its JSON",
        ),
        (
            true,
            401,
            "invalid-token",
            "No administrator's token, more than one, or one that is no good",
        ),
        (!only_looks, 403, "role-refused", "The token is a reader's"),
        (is_about_one, 404, "not-found", "There is no such record"),
        (has_body, 408, "body-late", "The body did not arrive in time"),
        (!only_looks, 409, "conflict", "The request contradicts what is there"),
        (
            creates,
            410,
            "gone",
            "What was created before under this idempotency key is gone",
        ),
        (
            is_conditional,
            412,
            "changed",
            "The record has none of the entity tags that were named",
        ),
        (has_body, 413, "body-too-long", "The body is too long"),
        (has_body, 415, "json-expected", "The body is not JSON"),
        (
            has_body,
            422,
            "unexpected-json",
            "The JSON asks for what cannot be, or the idempotency key was used for another request",
        ),
        (
            true,
            429,
            "too-many-failures",
            "Too many tokens from this address were no good; valid ones are served",
        ),
        (true, 500, "unexpected", "The server has failed"),
        (
            true,
            503,
            "unavailable",
            "Nothing can be read or changed just now; the words say whether the change was made",
        ),
    ]
}

fn parameters(operation: &Operation) -> Vec<String> {
    let parameters = operation.parameters.iter().flatten();
    parameters
        .filter_map(|parameter| match parameter {
            RefOr::T(parameter) => Some(parameter.name.clone()),
            RefOr::Ref(_) => None,
        })
        .collect()
}

fn refusal(status: u16, kind: &str, words: &str) -> Response {
    let kind = format!("urn:tollgate:problem:{kind}");
    let example = serde_json::json!({ "type": kind, "title": words, "status": status, "detail": words });
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(ProblemShown::name())))
        .example(Some(example));
    let mut response = ResponseBuilder::new()
        .description(words)
        .content("application/problem+json", content.build())
        .build();
    for (with, name, words) in [
        (401, "WWW-Authenticate", "The challenge"),
        (429, "Retry-After", "Seconds"),
    ] {
        if with == status {
            add_header(&mut response, name, words);
        }
    }
    response
}

fn add_header(response: &mut Response, name: &str, words: &str) {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let header = HeaderBuilder::new().schema(Some(text)).description(Some(words)).build();
    response.headers.insert(name.to_owned(), RefOr::T(header));
}
