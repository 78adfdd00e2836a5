//! The pages for people, in a real browser, used with a keyboard alone.
//!
//! - `sign_in`: logging in, allowing a client and refusing it, and the codes that come of it; with scripts and without.
//! - `personal`: personal access tokens.
//! - `leaving`: applications, and logging out.
//! - `refusals`: pages that say why something is not done.
//!
//! Every page that a test comes by is held against the same rules (`rules`): narrow and wide, light and dark, by the rules of
//! axe-core and by ours. Its pictures are left in `target/pages`.

#[path = "pages/facts.rs"]
mod facts;
#[path = "pages/rules.rs"]
mod rules;
#[path = "pages/window.rs"]
mod window;
#[path = "pages/scene.rs"]
mod scene;
#[path = "pages/sign_in.rs"]
mod sign_in;
#[path = "pages/personal.rs"]
mod personal;
#[path = "pages/leaving.rs"]
mod leaving;
#[path = "pages/refusals.rs"]
mod refusals;
