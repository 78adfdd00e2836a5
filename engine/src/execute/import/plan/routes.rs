//! What a line about a route comes to.

use tollgate_core::Route;

use super::super::super::access::{accept_route, routes};
use super::{Batch, Plan, Step, Stop, line};

impl Plan {
    /// A route that is new. One that is there must be what the line says of it.
    pub(super) fn route(&mut self, batch: &Batch<'_, '_>, route: Route) -> Result<Vec<Step>, Stop> {
        let routes = match &mut self.routes {
            Some(routes) => routes,
            none => none.insert(routes(batch)?),
        };
        match accept_route(routes, &route)? {
            Some(there) if *there == route => Ok(Vec::new()),
            Some(there) => Err(line(format!(
                "expected a new route, but there is a route `{}` already that asks for something else: remove that route, or the line",
                there.pattern
            ))),
            None => {
                route.clone().insert_into(routes);
                Ok(vec![Step::Route(route)])
            }
        }
    }
}
