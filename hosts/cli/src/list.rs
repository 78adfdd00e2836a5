//! Lists, written page by page as they come, so that a long one costs no memory: one table, or one JSON array.

use serde::Serialize;
use tollgate_http::control::{Answer, PageShown, UserDetail, in_shell};

use crate::arguments::{AuthtokenVerb, Verb};
use crate::columns::Columns;
use crate::exit::{self, Exit, Failure};
use crate::print;
use crate::reach::Reach;
use crate::request::request;
use crate::table::{self, Row};

/// Carries a verb out, and writes its answer, asking for page after page where it has more than one.
pub(crate) fn answer(reach: &mut Reach<'_>, verb: &Verb, as_json: bool) -> Result<Exit, Failure> {
    let mut list = List::begin(as_json);
    let mut cursor = None;
    loop {
        let answer = reach.ask(request(verb, cursor.take())?)?;
        cursor = match answer {
            Answer::Users(page) => list.page(page)?,
            Answer::Authtokens(page) => list.page(page)?,
            Answer::Clients(page) => list.page(page)?,
            Answer::PersonalTokens(page) => list.page(page)?,
            Answer::Grants(page) => list.page(page)?,
            Answer::Logins(page) => list.page(page)?,
            Answer::AdminTokens(page) => list.page(page)?,
            Answer::FeedTokens(page) => list.page(page)?,
            Answer::Networks(page) => list.page(page)?,
            Answer::UserDetail(detail) => return user(reach, &detail, as_json),
            answer => {
                let text = if as_json {
                    print::json(&answer)?
                } else {
                    table::text(&answer)
                };
                print::out(&text);
                return Ok(exit::of(&answer));
            }
        };
        if cursor.is_none() {
            return Ok(Exit::Done);
        }
    }
}

/// One user with network rules, and then all their tokens.
fn user(reach: &mut Reach<'_>, detail: &UserDetail, as_json: bool) -> Result<Exit, Failure> {
    let UserDetail {
        person,
        networks,
        authtokens,
        authtokens_next,
    } = detail;
    let mut list = if as_json {
        let frame = UserDetail {
            person: person.clone(),
            networks: networks.clone(),
            authtokens: Vec::new(),
            authtokens_next: None,
        };
        List::within(&frame)?
    } else {
        let rules = if networks.is_empty() {
            "No network rules of their own.".to_owned()
        } else {
            table::rows(networks)
        };
        print::part(&format!("{}\n\n{rules}\n\n", table::person(person)));
        if authtokens.is_empty() {
            let name = in_shell(&person.user.name);
            print::out(&format!("No authtokens. Next: tollgate authtoken issue {name}"));
            return Ok(Exit::Done);
        }
        List::begin(false)
    };
    let first = PageShown {
        items: authtokens.clone(),
        next: authtokens_next.clone(),
    };
    let mut cursor = list.page(first)?;
    let verb = Verb::Authtoken(AuthtokenVerb::List {
        user: Some(
            person
                .user
                .name
                .parse()
                .map_err(|_| Failure::trouble("not_understood", "expected the name of a user"))?,
        ),
    });
    while cursor.is_some() {
        let Answer::Authtokens(page) = reach.ask(request(&verb, cursor.take())?)? else {
            return Err(Failure::trouble("not_understood", "expected a list of authtokens"));
        };
        cursor = list.page(page)?;
    }
    Ok(Exit::Done)
}

/// A list as far as it was written.
pub(crate) enum List {
    /// In JSON, each item behind `indent`.
    Json {
        indent: &'static str,
        /// What stands around the items.
        open: String,
        close: &'static str,
        any: bool,
    },
    Table(Option<Columns>),
}

impl List {
    pub(crate) fn begin(as_json: bool) -> Self {
        if as_json {
            Self::Json {
                indent: "  ",
                open: "[".to_owned(),
                close: "]\n",
                any: false,
            }
        } else {
            Self::Table(None)
        }
    }

    /// The list that is the last member of `frame`, in which it is empty.
    fn within(frame: &impl Serialize) -> Result<Self, Failure> {
        let fault = |error: &dyn ToString| Failure::trouble("not_understood", error.to_string());
        let text = serde_json::to_string_pretty(frame).map_err(|error| fault(&error))?;
        let open = text
            .strip_suffix("]\n}")
            .ok_or_else(|| fault(&"expected a list at the end"))?;
        Ok(Self::Json {
            indent: "    ",
            open: open.to_owned(),
            close: "  ]\n}\n",
            any: false,
        })
    }

    /// Writes a page, and answers the way to the next one, if there is one and anybody reads on.
    pub(crate) fn page<T: Row + Serialize>(&mut self, page: PageShown<T>) -> Result<Option<String>, Failure> {
        let goes_on = self.part(&page.items, page.next.is_none())?;
        Ok(page.next.filter(|_| goes_on))
    }

    /// Writes the next items, and the end behind the last ones. Answers whether anybody reads on.
    pub(crate) fn part<T: Row + Serialize>(&mut self, items: &[T], is_last: bool) -> Result<bool, Failure> {
        let mut text = String::new();
        match self {
            Self::Json {
                indent,
                open,
                close,
                any,
            } => {
                text.push_str(&std::mem::take(open));
                for item in items {
                    text.push_str(if *any { ",\n" } else { "\n" });
                    *any = true;
                    push_item(&mut text, item, indent)?;
                }
                match (is_last, *any) {
                    (true, true) => text.extend(["\n", *close]),
                    (true, false) => text.push_str(close.trim_start()),
                    (false, _) => {}
                }
            }
            Self::Table(None) if items.is_empty() && is_last => {
                text.push_str(T::NONE);
                text.push('\n');
            }
            Self::Table(_) if items.is_empty() => {}
            Self::Table(columns) => {
                let columns = columns.get_or_insert_with(|| Columns::under(T::HEADS));
                text.push_str(&columns.lines(items.iter().map(Row::cells)));
                text.push('\n');
            }
        }
        Ok(print::part(&text))
    }
}

fn push_item(text: &mut String, item: &impl Serialize, indent: &str) -> Result<(), Failure> {
    let item =
        serde_json::to_string_pretty(item).map_err(|error| Failure::trouble("not_understood", error.to_string()))?;
    for (at, line) in item.lines().enumerate() {
        if at > 0 {
            text.push('\n');
        }
        text.push_str(indent);
        text.push_str(line);
    }
    Ok(())
}
