//! `/settings`.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;
use tollgate::{Engine, Seen, SetSetting, Setting};
use utoipa::ToSchema;

use super::api::Api;
use super::call::{Call, Segment};
use super::entity::{Entity, change};
use super::fields::LimitSent;
use super::listing::{Listed, whole};
use super::problem::Problem;
use super::query::no_query;
use super::sent::Sent;
use super::tags::{IfMatch, IfNoneMatch};
use crate::control::{SettingShown, SettingValue};

/// The new value of a setting.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewValue {
    /// In the type that the setting has.
    #[schema(value_type = SettingValue, example = json!(1000))]
    value: Value,
}

/// Lists all settings
#[utoipa::path(get, path = "/admin/v1/settings", operation_id = "listSettings", tag = "settings",
    responses((status = 200, description = "The settings", body = Listed<SettingShown>)))]
pub(super) async fn list(State(api): State<Api>, call: Call) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(move |engine| Ok(whole::<_, SettingShown>(&engine.settings()?.list())));
    found.await?.answer(&call.uri)
}

/// Shows a setting
#[utoipa::path(get, path = "/admin/v1/settings/{key}", operation_id = "showSetting", tag = "settings",
    params(("key" = String, Path, description = "The setting's key"), IfNoneMatch),
    responses((status = 200, description = "The setting", body = SettingShown)))]
pub(super) async fn show(State(api): State<Api>, call: Call, Segment(key): Segment) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let found = api.run(move |engine| look(engine, &key)).await?;
    Ok(found.1.found(&call))
}

/// Changes a setting
#[utoipa::path(put, path = "/admin/v1/settings/{key}", operation_id = "changeSetting", tag = "settings",
    params(("key" = String, Path, description = "The setting's key"), IfMatch), request_body = NewValue,
    responses((status = 200, description = "The setting as it is from now on", body = SettingShown)))]
pub(super) async fn set(
    State(api): State<Api>,
    call: Call,
    Segment(key): Segment,
    sent: Sent<NewValue>,
) -> Result<Response, Problem> {
    no_query(&call.uri)?;
    let Some(key) = Setting::KEYS.into_iter().find(|known| *known == key) else {
        return Err(no_such_setting());
    };
    let setting = read(key, sent.value.value)?;
    api.run(move |engine| {
        let setting = change(engine, &call, |engine| look(engine, key), SetSetting { setting })?;
        Ok(Entity::of(&SettingShown::from(&setting))?.answer())
    })
    .await
}

/// The setting `key` with a value in the type that it has.
fn read(key: &str, value: Value) -> Result<Setting, Problem> {
    let text = match (key, value) {
        ("allow_authtoken_in_url" | "allow_preflight", Value::Bool(switch)) => switch.to_string(),
        ("trusted_proxies" | "foreign_tokens", Value::Array(items)) => listed(key, &items)?,
        ("per_hour" | "concurrent", value) => match serde_json::from_value::<LimitSent>(value) {
            Ok(LimitSent(limit)) => limit.to_string(),
            Err(_) => return Err(other_type(key)),
        },
        _ => return Err(other_type(key)),
    };
    Setting::parse(key, &text).map_err(|_| other_type(key))
}

/// The items of a list as one text, none of them blank or more than one.
fn listed(key: &str, items: &[Value]) -> Result<String, Problem> {
    let texts = items.iter().map(|item| match item {
        Value::String(text) if !text.trim().is_empty() && !text.contains(',') => Ok(text.as_str()),
        _ => Err(other_type(key)),
    });
    Ok(texts.collect::<Result<Vec<_>, _>>()?.join(","))
}

fn other_type(key: &str) -> Problem {
    let expected = match key {
        "per_hour" | "concurrent" => "a number from 1 to 268435455, `unlimited` or `inherit`",
        "allow_authtoken_in_url" | "allow_preflight" => "`true` or `false`",
        "trusted_proxies" => "a list of network rules such as [\"127.0.0.0/8\", \"::1\"]",
        _ => "a list of some of `clear`, `sha256`, `sha512` and `blake3`",
    };
    Problem::unprocessable(
        "unexpected-json",
        format!("at `value`: expected {expected}, but found something else"),
    )
}

fn no_such_setting() -> Problem {
    let detail = format!(
        "expected one of the settings {}, but found another",
        Setting::KEYS.join(", ")
    );
    Problem::new(
        StatusCode::NOT_FOUND,
        "no-such-setting",
        "There is no such record",
        detail,
    )
}

fn look(engine: &Engine, key: &str) -> Result<(Seen, Entity), Problem> {
    let mut settings = engine.settings()?.list().into_iter();
    let setting = settings
        .find(|setting| setting.key() == key)
        .ok_or_else(no_such_setting)?;
    let entity = Entity::of(&SettingShown::from(&setting))?;
    Ok((Seen::Setting(setting), entity))
}
