//! Lists, a page at a time, so that no reply is longer than a page however large the store is.

use tollgate::{Engine, GrantsOf, Network, ReadError, UserName};

use super::admins::AdminTokenShown;
use super::clients::ClientShown;
use super::fault::Stop;
use super::feed_tokens::FeedTokenShown;
use super::held::{GrantShown, LoginShown};
use super::people::{PersonalTokenShown, UserDetail};
use super::shown::{AuthtokenShown, NetworkShown, PageShown, UserShown};

/// Items of one page.
const PAGE_ITEMS: usize = 1_000;

pub(super) fn users(engine: &Engine, cursor: Option<&str>) -> Result<PageShown<UserShown>, Stop> {
    let page = engine.users_page(cursor, PAGE_ITEMS)?;
    Ok(PageShown {
        items: page.items.iter().map(Into::into).collect(),
        next: page.next,
    })
}

pub(super) fn user(engine: &Engine, name: &UserName) -> Result<UserDetail, Stop> {
    let person = engine
        .person(name)?
        .ok_or_else(|| ReadError::NoSuchUser { name: name.clone() })?;
    let tokens = authtokens(engine, Some(name), None)?;
    Ok(UserDetail {
        person: (&person).into(),
        networks: networks_of(engine, name)?,
        authtokens: tokens.items,
        authtokens_next: tokens.next,
    })
}

pub(super) fn clients(engine: &Engine, cursor: Option<&str>) -> Result<PageShown<ClientShown>, Stop> {
    let page = engine.clients_page(cursor, PAGE_ITEMS)?;
    Ok(PageShown {
        items: page.items.iter().map(Into::into).collect(),
        next: page.next,
    })
}

pub(super) fn personal_tokens(
    engine: &Engine,
    of: Option<&UserName>,
    cursor: Option<&str>,
) -> Result<PageShown<PersonalTokenShown>, Stop> {
    let page = engine.personal_tokens_page(of, cursor, PAGE_ITEMS)?;
    Ok(PageShown {
        items: page.items.iter().map(Into::into).collect(),
        next: page.next,
    })
}

pub(super) fn grants(
    engine: &Engine,
    of: Option<&GrantsOf>,
    cursor: Option<&str>,
) -> Result<PageShown<GrantShown>, Stop> {
    let page = engine.grants_page(of, cursor, PAGE_ITEMS)?;
    Ok(PageShown {
        items: page.items.iter().map(Into::into).collect(),
        next: page.next,
    })
}

pub(super) fn logins(
    engine: &Engine,
    of: Option<&UserName>,
    cursor: Option<&str>,
) -> Result<PageShown<LoginShown>, Stop> {
    let page = engine.sessions_page(of, cursor, PAGE_ITEMS)?;
    Ok(PageShown {
        items: page.items.iter().map(Into::into).collect(),
        next: page.next,
    })
}

pub(super) fn authtokens(
    engine: &Engine,
    of: Option<&UserName>,
    cursor: Option<&str>,
) -> Result<PageShown<AuthtokenShown>, Stop> {
    let page = engine.tokens_page(of, cursor, PAGE_ITEMS)?;
    Ok(PageShown {
        items: page.items.iter().map(Into::into).collect(),
        next: page.next,
    })
}

/// The rules about one user are few and come at once.
pub(super) fn networks(
    engine: &Engine,
    of: Option<&UserName>,
    cursor: Option<&str>,
) -> Result<PageShown<NetworkShown>, Stop> {
    let Some(name) = of else {
        let page = engine.networks_page(cursor, PAGE_ITEMS)?;
        return Ok(PageShown {
            items: page.items.iter().map(Into::into).collect(),
            next: page.next,
        });
    };
    if engine.user(name)?.is_none() {
        return Err(ReadError::NoSuchUser { name: name.clone() }.into());
    }
    Ok(PageShown {
        items: networks_of(engine, name)?,
        next: None,
    })
}

fn networks_of(engine: &Engine, name: &UserName) -> Result<Vec<NetworkShown>, Stop> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = engine.networks_page(cursor.as_deref(), PAGE_ITEMS)?;
        let of_user = |network: &&Network| network.user.as_ref() == Some(name);
        found.extend(page.items.iter().filter(of_user).map(NetworkShown::from));
        cursor = page.next;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

/// The engine keeps these in memory and lists them at once; a cursor is the last id of the page before.
pub(super) fn admin_tokens(engine: &Engine, cursor: Option<&str>) -> Result<PageShown<AdminTokenShown>, Stop> {
    let after = cursor.map(str::parse::<u64>).transpose();
    let after = after.map_err(|_| Stop::malformed("expected the cursor that the page before gave"))?;
    let tokens = engine.admin_tokens()?;
    let mut rest = tokens.iter().filter(|token| Some(token.id.0) > after);
    let items: Vec<AdminTokenShown> = rest.by_ref().take(PAGE_ITEMS).map(Into::into).collect();
    let more = rest.next().is_some();
    let next = items.last().filter(|_| more).map(|last| last.id.clone());
    Ok(PageShown { items, next })
}

pub(super) fn feed_tokens(engine: &Engine, cursor: Option<&str>) -> Result<PageShown<FeedTokenShown>, Stop> {
    let page = engine.feed_tokens_page(cursor, PAGE_ITEMS)?;
    Ok(PageShown {
        items: page.items.iter().map(Into::into).collect(),
        next: page.next,
    })
}
