//! Routes, and issuers and identity providers elsewhere.

use tollgate_core::Route;

use super::{Batch, Execute, Fault, clients, described};
use crate::change::Change;
use crate::command::{
    PutIdentityProvider, PutIssuer, PutRoute, Refusal, RemoveIdentityProvider, RemoveIssuer, RemoveRoute,
};
use crate::facts;
use crate::identity_provider::{IdentityProvider, PROVIDERS_MOST};
use crate::issuer::{ISSUERS_MOST, Issuer};
use crate::store::{EVERYTHING, IdentityProviders, Issuers, Number, Routes, Source as _};

impl Execute for PutRoute {
    type Answer = Route;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Route, Fault> {
        let Self { route } = self;
        let routes: Vec<Route> = routes(batch)?;
        let before = accept_route(&routes, &route)?;
        if before != Some(&route) {
            write_route(batch, before, &route)?;
        }
        Ok(route)
    }
}

/// All routes, in the order of their patterns.
pub(super) fn routes(batch: &Batch<'_, '_>) -> Result<Vec<Route>, Fault> {
    let rows = facts::rows::<Routes>(batch.rows, &EVERYTHING)?;
    Ok(rows.into_iter().map(|(_, route)| route).collect())
}

/// Judges a route that is to stand among others, and answers the one in whose place it comes.
pub(super) fn accept_route<'r>(routes: &'r [Route], route: &Route) -> Result<Option<&'r Route>, Refusal> {
    let before = routes.iter().find(|there| route.pattern.is_alike(&there.pattern));
    match before {
        Some(there) if there.pattern != route.pattern => {
            let there = there.pattern.clone();
            Err(Refusal::RouteAlike { there })
        }
        None if routes.len() >= Route::MOST => Err(Refusal::TooManyRoutes),
        Some(_) | None => Ok(before),
    }
}

/// Writes a route that was accepted.
pub(super) fn write_route(batch: &mut Batch<'_, '_>, before: Option<&Route>, route: &Route) -> Result<(), Fault> {
    batch.put::<Routes>(&route.pattern, route)?;
    batch.change(Change::PutRoute(route.clone()));
    let was = before.map(described::route);
    batch.did("route.put", &route.pattern, was, Some(described::route(route)));
    Ok(())
}

impl Execute for RemoveRoute {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let Self { pattern } = self;
        let Some(route) = batch.rows.row::<Routes>(&pattern)? else {
            return Err(Refusal::NoSuchRoute { pattern }.into());
        };

        batch.remove::<Routes>(&pattern)?;
        batch.did("route.remove", &pattern, Some(described::route(&route)), None);
        batch.change(Change::RemoveRoute(pattern));
        Ok(())
    }
}

impl Execute for PutIssuer {
    type Answer = Issuer;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<Issuer, Fault> {
        let Self { issuer } = self;
        issuer.accept().map_err(Refusal::from)?;
        clients::named(batch, &issuer.client)?;
        let issuers = facts::rows::<Issuers>(batch.rows, &EVERYTHING)?;
        let before = issuers.iter().find(|(name, _)| *name == issuer.issuer);
        match before {
            Some((_, there)) if *there == issuer => return Ok(issuer),
            None if issuers.len() >= ISSUERS_MOST => return Err(Refusal::TooManyIssuers.into()),
            Some(_) | None => {}
        }
        let epoch = next_epoch(batch)?;

        batch.put::<Issuers>(&issuer.issuer, &issuer)?;
        batch.put::<crate::store::Meta>(&Number::IssuersEpoch, &u64::from(epoch))?;
        batch.change(Change::ExternalIssuers(epoch));
        let was = before.map(|(_, there)| described::issuer(there));
        batch.did("issuer.put", &issuer.issuer, was, Some(described::issuer(&issuer)));
        Ok(issuer)
    }
}

impl Execute for RemoveIssuer {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let Self { issuer: name } = self;
        let Some(issuer) = batch.rows.row::<Issuers>(&name)? else {
            return Err(Refusal::NoSuchIssuer { issuer: name }.into());
        };
        let is_last = facts::rows::<Issuers>(batch.rows, &EVERYTHING)?.len() == 1;
        let epoch = next_epoch(batch)?;

        batch.remove::<Issuers>(&name)?;
        batch.put::<crate::store::Meta>(&Number::IssuersEpoch, &u64::from(epoch))?;
        batch.change(Change::ExternalIssuers(if is_last { 0 } else { epoch }));
        batch.did("issuer.remove", &name, Some(described::issuer(&issuer)), None);
        Ok(())
    }
}

impl Execute for PutIdentityProvider {
    type Answer = IdentityProvider;

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<IdentityProvider, Fault> {
        let Self { provider } = self;
        provider.accept().map_err(Refusal::from)?;
        let providers = facts::rows::<IdentityProviders>(batch.rows, &EVERYTHING)?;
        let before = providers.iter().find(|(name, _)| *name == provider.issuer);
        match before {
            Some((_, there)) if *there == provider => return Ok(provider),
            None if providers.len() >= PROVIDERS_MOST => return Err(Refusal::TooManyIdentityProviders.into()),
            Some(_) | None => {}
        }

        batch.put::<IdentityProviders>(&provider.issuer, &provider)?;
        let was = before.map(|(_, there)| described::identity_provider(there));
        let is = described::identity_provider(&provider);
        batch.did("idp.put", &provider.issuer, was, Some(is));
        Ok(provider)
    }
}

impl Execute for RemoveIdentityProvider {
    type Answer = ();

    fn execute(self, batch: &mut Batch<'_, '_>) -> Result<(), Fault> {
        let Self { issuer } = self;
        let Some(provider) = batch.rows.row::<IdentityProviders>(&issuer)? else {
            return Err(Refusal::NoSuchIdentityProvider { issuer }.into());
        };

        batch.remove::<IdentityProviders>(&issuer)?;
        batch.did(
            "idp.remove",
            &issuer,
            Some(described::identity_provider(&provider)),
            None,
        );
        Ok(())
    }
}

/// The number of the set of issuers that this command makes: no earlier one had it.
fn next_epoch(batch: &Batch<'_, '_>) -> Result<u32, Fault> {
    let last = batch.next(Number::IssuersEpoch)?;
    let next = last.checked_add(1).and_then(|next| u32::try_from(next).ok());
    next.ok_or_else(|| Fault::Failed("the issuers have changed too often to be told apart".to_owned()))
}
