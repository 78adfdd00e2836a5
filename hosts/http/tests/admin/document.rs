//! The description of the routes: it is well-formed, it is there for everybody, and it leaves nothing out.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::console::Console;

/// Every operation of the admin API.
const OPERATIONS: [&str; 73] = [
    "GET /users",
    "POST /users",
    "GET /users/{name}",
    "PATCH /users/{name}",
    "DELETE /users/{name}",
    "GET /users/{name}/authtokens",
    "POST /users/{name}/authtokens",
    "GET /authtokens",
    "GET /authtokens/{id}",
    "POST /authtokens/{id}/revoke",
    "POST /authtokens/{id}/expire",
    "GET /users/{name}/personal-tokens",
    "POST /users/{name}/personal-tokens",
    "GET /personal-tokens",
    "GET /personal-tokens/{id}",
    "POST /personal-tokens/{id}/revoke",
    "GET /users/{name}/profile",
    "PUT /users/{name}/profile",
    "PUT /users/{name}/password",
    "DELETE /users/{name}/password",
    "GET /clients",
    "POST /clients",
    "GET /clients/{client_id}",
    "PATCH /clients/{client_id}",
    "DELETE /clients/{client_id}",
    "POST /clients/{client_id}/rotate",
    "GET /users/{name}/client-credentials",
    "POST /users/{name}/client-credentials",
    "GET /users/{name}/consents",
    "DELETE /users/{name}/consents/{client_id}",
    "GET /grants",
    "GET /grants/{id}",
    "POST /grants/{id}/revoke",
    "GET /users/{name}/grants",
    "POST /users/{name}/grants/revoke",
    "GET /clients/{client_id}/grants",
    "POST /clients/{client_id}/grants/revoke",
    "GET /logins",
    "DELETE /logins/{id}",
    "GET /users/{name}/logins",
    "POST /users/{name}/logins/revoke",
    "GET /routes",
    "PUT /routes",
    "GET /routes/{id}",
    "DELETE /routes/{id}",
    "GET /issuers",
    "PUT /issuers",
    "GET /issuers/{id}",
    "DELETE /issuers/{id}",
    "GET /identity-providers",
    "PUT /identity-providers",
    "GET /identity-providers/{id}",
    "DELETE /identity-providers/{id}",
    "GET /signing-keys",
    "POST /signing-keys/rotate",
    "GET /networks",
    "POST /networks",
    "GET /networks/{id}",
    "DELETE /networks/{id}",
    "GET /settings",
    "GET /settings/{key}",
    "PUT /settings/{key}",
    "GET /admin-tokens",
    "POST /admin-tokens",
    "GET /admin-tokens/{id}",
    "POST /admin-tokens/{id}/revoke",
    "GET /feed-tokens",
    "POST /feed-tokens",
    "GET /feed-tokens/{id}",
    "POST /feed-tokens/{id}/revoke",
    "GET /audit",
    "GET /audit/verify",
    "GET /status",
];

fn document(console: &Console) -> Value {
    console.bare("GET /openapi.json").done(200).json()
}

/// All operations as `METHOD PATH`.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    let all = paths.iter().flat_map(|(path, item)| {
        let operations = item.as_object().unwrap().iter();
        operations.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
    });
    all.collect()
}

#[test]
fn it_describes_every_operation_and_no_other() {
    let console = Console::start();
    let document = document(&console);
    let mut expected: BTreeSet<String> = OPERATIONS
        .iter()
        .map(|line| line.replacen(" /", " /admin/v1/", 1))
        .collect();
    expected.extend(["POST /v1/check".to_owned(), "DELETE /v1/permits/{id}".to_owned()]);
    let described: BTreeSet<String> = operations(&document).into_iter().map(|(line, _)| line).collect();
    assert_eq!(described, expected);
    for line in OPERATIONS {
        let path = line.replace(['{', '}'], "");
        let told = console.call(&path).send();
        let kind = told
            .text
            .split('"')
            .find(|text| text.starts_with("urn:"))
            .unwrap_or_default()
            .to_owned();
        assert!(
            told.status != 405 && !kind.ends_with(":not-found"),
            "{line} is there: {}",
            told.text
        );
    }
}

#[test]
fn it_is_a_whole_document_of_openapi_3_1() {
    let console = Console::start();
    let document = document(&console);
    assert_eq!(document["openapi"], "3.1.0");
    let read: OpenApi = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(
        serde_json::to_value(read).unwrap(),
        document,
        "nothing in it is unknown"
    );
    let mut ids = BTreeSet::new();
    for (line, operation) in operations(&document) {
        assert!(
            ids.insert(operation["operationId"].as_str().unwrap()),
            "{line}: its id is its own"
        );
        for field in ["summary", "tags", "security", "responses"] {
            assert!(!operation[field].is_null(), "{line} has {field}");
        }
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let in_path: BTreeSet<_> = parameters
            .iter()
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
            .collect();
        let named = line
            .split('{')
            .skip(1)
            .map(|rest| rest.split('}').next().unwrap().to_owned());
        assert_eq!(in_path, named.collect(), "{line}");
        for (status, response) in operation["responses"].as_object().unwrap() {
            let place = format!("{line} {status}");
            assert!(
                response["description"].as_str().is_some_and(|words| !words.is_empty()),
                "{place}"
            );
            let is_problem = status.as_str() >= "400";
            let kind = if is_problem {
                "application/problem+json"
            } else {
                "application/json"
            };
            let content = &response["content"];
            if !["204", "304"].contains(&status.as_str()) {
                assert!(!content[kind]["schema"].is_null(), "{place}");
            }
            if is_problem && line.contains("/admin/") {
                assert!(!content[kind]["example"].is_null(), "{place}");
            }
        }
    }
}

#[test]
fn every_reference_in_it_leads_somewhere() {
    let console = Console::start();
    let document = document(&console);
    let mut left = vec![&document];
    let mut references = 0;
    while let Some(value) = left.pop() {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(reference)) = fields.get("$ref") {
                    references += 1;
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(document.pointer(pointer).is_some(), "{reference}");
                }
                left.extend(fields.values());
            }
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    assert!(references > 50, "{references}");
}
