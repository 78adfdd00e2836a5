//! `tollgate init`: a new store and its key.

use std::path::Path;

use serde_json::json;
use tollgate::{Engine, KEY_VARIABLE, OpenError, OpenOptions, PepperKey};
use tollgate_oauth::signing_keys::ensure_keys;

use crate::arguments::Init;
use crate::exit::{Exit, Failure};
use crate::print;

/// Makes the store. Its key file has its name with another ending, so the ending of that one is not for a store.
pub(crate) fn create(store: &Path) -> Result<Engine, Failure> {
    if store.extension().is_some_and(|ending| ending == "key") {
        let words = format!(
            "expected a store whose name does not end in .key, as its key file's does, but found {}",
            store.display()
        );
        return Err(Failure::usage(words));
    }
    Ok(Engine::create(store)?)
}

/// Makes the store under a copy of another's key, which then stands beside it like one of its own.
fn create_with_key(store: &Path, file: &Path) -> Result<Engine, Failure> {
    let key = PepperKey::read(file).map_err(OpenError::from)?;
    if store.exists() {
        return Err(OpenError::Exists { path: store.into() }.into());
    }
    let own = store.with_extension("key");
    key.write_new(&own).map_err(OpenError::from)?;
    let made = OpenOptions::new().create(true).key(key).open(store);
    made.map_err(|error| {
        let _ = std::fs::remove_file(&own);
        error.into()
    })
}

/// Makes the store, and says where it and its key are.
pub(crate) fn init(store: &Path, new: &Init, as_json: bool) -> Result<Exit, Failure> {
    let engine = match &new.with_key {
        None => create(store)?,
        Some(file) => create_with_key(store, file)?,
    };
    let keys = ensure_keys(&engine, engine.now());
    engine.close();
    keys.map_err(|error| Failure::trouble("no_keys", error.to_string()))?;
    let key_file = store.with_extension("key");
    // Where the key came from the environment, no file was made.
    let key_file = key_file
        .exists()
        .then_some(key_file)
        .filter(|_| std::env::var_os(KEY_VARIABLE).is_none());
    if as_json {
        print::out(&json!({ "store": store, "key_file": key_file }).to_string());
        return Ok(Exit::Done);
    }
    let key = match &key_file {
        Some(file) => format!(
            "Its key is in {}. Back it up now, apart from the store: without it no token in the store can be recognised.",
            file.display()
        ),
        None => format!("Its key is the one in {KEY_VARIABLE}. Without it no token in the store can be recognised."),
    };
    print::out(&format!(
        "The store is {}.\n{key}\n\nNobody may call yet. Next:\n  tollgate user add NAME\n  tollgate authtoken issue NAME\n  \
         tollgate network trust ADDRESS\n  tollgate serve",
        store.display()
    ));
    Ok(Exit::Done)
}
