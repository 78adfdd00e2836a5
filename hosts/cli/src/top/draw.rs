//! The live screen as cells: what is known goes in, a buffer comes out, and nothing else happens.

use ratatui::buffer::Buffer;
use ratatui::layout::{Alignment, Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Clear, Paragraph, RenderDirection, Row, Sparkline, Table, Widget as _};
use tollgate_http::control::StatusShown;

use super::history::wide;
use super::screen::Screen;
use super::words;

/// Below this there is no room for anything.
const WIDTH_LEAST: u16 = 30;
const HEIGHT_LEAST: u16 = 6;

/// From this width on, the outcomes stand beside their history.
const WIDTH_BESIDE: u16 = 56;
const OUTCOMES_WIDTH: u16 = 42;

/// Beyond this width numbers stand too far from what they are about.
const TABLE_WIDTH_MOST: u16 = 90;

/// From this height on, columns have headings.
const HEIGHT_HEADED: u16 = 6;

/// Draws the screen.
pub(super) fn draw(screen: &Screen, area: Rect, cells: &mut Buffer) {
    if area.width < WIDTH_LEAST || area.height < HEIGHT_LEAST {
        Line::from("too small").render(area, cells);
        return;
    }
    let notices = notices(screen);
    let notice_rows = u16::try_from(notices.len()).unwrap_or(0);
    let [title, facts, notice, body, keys] = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(1),
        Constraint::Length(notice_rows),
        Constraint::Fill(1),
        Constraint::Length(1),
    ])
    .areas(area);
    draw_title(screen, title, cells);
    if let Some(status) = &screen.status {
        fitting(&facts_of(status), facts.width).render(facts, cells);
        draw_body(screen, status, body, cells);
    }
    Paragraph::new(notices).render(notice, cells);
    draw_keys(screen, keys, cells);
    if screen.help {
        draw_help(area, cells);
    }
}

fn paint(screen: &Screen, colour: Color) -> Style {
    if screen.plain {
        Style::new()
    } else {
        Style::new().fg(colour)
    }
}

fn draw_title(screen: &Screen, area: Rect, cells: &mut Buffer) {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let mut right = Vec::new();
    if screen.paused {
        right.push(Span::styled("paused ", paint(screen, Color::Yellow).patch(bold)));
    }
    let state = |good: bool, word: &'static str, otherwise: &'static str| {
        let (mark, word, colour) = if good {
            ("●", word, Color::Green)
        } else {
            ("✗", otherwise, Color::Red)
        };
        Span::styled(format!("{mark} {word} "), paint(screen, colour))
    };
    match &screen.status {
        _ if screen.waiting().is_some() => right.push(state(false, "", "no answer")),
        Some(status) => {
            right.push(state(status.checking, "checking", "denying all"));
            right.push(state(status.writing, "writing", "no writes"));
        }
        None => {}
    }
    let right = Line::from(right);
    let width = u16::try_from(right.width()).unwrap_or(u16::MAX).min(area.width);
    let [left_area, right_area] = Layout::horizontal([Constraint::Fill(1), Constraint::Length(width)]).areas(area);
    let mut parts = vec!["tollgate".to_owned()];
    if let Some(status) = &screen.status {
        parts = vec![
            format!("tollgate {}", status.version),
            format!("up {}", words::span(status.uptime_s)),
        ];
    }
    parts.push(screen.store.clone());
    fitting(&parts, left_area.width).style(bold).render(left_area, cells);
    right.render(right_area, cells);
}

fn facts_of(status: &StatusShown) -> [String; 5] {
    let counted = |count: u64, one: &str, many: &str| {
        let word = if count == 1 { one } else { many };
        format!("{} {word}", words::count(count))
    };
    [
        counted(status.queued, "command queued", "commands queued"),
        format!("revision {}", words::count(status.revision)),
        counted(status.users, "user", "users"),
        counted(status.tokens, "token", "tokens"),
        counted(status.connections, "connection", "connections"),
    ]
}

/// As many of the parts as fit whole.
fn fitting(parts: &[String], width: u16) -> Line<'static> {
    let mut text = String::new();
    for part in parts {
        let longer = format!("{text}{}{part}", if text.is_empty() { " " } else { "   " });
        if longer.chars().count() > usize::from(width) {
            break;
        }
        text = longer;
    }
    Line::from(text)
}

/// What should be looked at before all else.
fn notices(screen: &Screen) -> Vec<Line<'static>> {
    let red = paint(screen, Color::Red).add_modifier(Modifier::BOLD);
    let waiting = screen.waiting().map(|why| {
        let yellow = paint(screen, Color::Yellow).add_modifier(Modifier::BOLD);
        Line::styled(format!(" waiting for the server… ({why})"), yellow)
    });
    let trouble = screen.status.iter().filter_map(|status| status.trouble.as_ref());
    let trouble = trouble.map(|words| Line::styled(format!(" {words}"), red));
    waiting.into_iter().chain(trouble).collect()
}

fn draw_body(screen: &Screen, status: &StatusShown, area: Rect, cells: &mut Buffer) {
    let outcomes = u16::try_from(screen.history.rates().len()).unwrap_or(u16::MAX);
    let followers = match status.followers.len() {
        0 => 1,
        some => u16::try_from(some)
            .unwrap_or(u16::MAX)
            .saturating_add(2)
            .min(area.height / 4)
            .max(2),
    };
    let rest = area.height.saturating_sub(followers);
    let wanted = outcomes.saturating_add(2).max(if rest > 18 { 9 } else { 4 });
    let [checks, busiest, followed] = Layout::vertical([
        Constraint::Length(wanted.min(rest.div_ceil(2))),
        Constraint::Fill(1),
        Constraint::Length(followers),
    ])
    .areas(area);
    draw_checks(screen, checks, cells);
    draw_busiest(screen, status, busiest, cells);
    draw_followers(screen, status, followed, cells);
}

/// A section's heading, and the room below it.
fn section(area: Rect, left: String, right: String, cells: &mut Buffer) -> Rect {
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let block = Block::new()
        .borders(Borders::TOP)
        .border_style(Style::new().add_modifier(Modifier::DIM))
        .title(Line::styled(left, bold));
    let fits = block.inner(area);
    let block = if right.is_empty() {
        block
    } else {
        block.title(Line::from(right).alignment(Alignment::Right))
    };
    block.render(area, cells);
    fits
}

fn draw_checks(screen: &Screen, area: Rect, cells: &mut Buffer) {
    let (seconds, most) = screen.history.span();
    let over = match seconds {
        0 => String::new(),
        _ if area.width < WIDTH_BESIDE => format!(" ≤ {}/s ", words::count(most)),
        _ => format!(
            " last {}, at most {}/s ",
            words::span(u64::try_from(seconds).unwrap_or(0)),
            words::count(most)
        ),
    };
    let now = format!(" checks  {}/s ", words::rate(screen.history.per_second()));
    let inner = section(area, now, over, cells);
    let rates = screen.history.rates();
    if rates.is_empty() {
        Line::from(" no checks yet: proxies ask at /check").render(inner, cells);
        return;
    }
    let (list, line) = if inner.width >= WIDTH_BESIDE {
        let columns = [Constraint::Length(OUTCOMES_WIDTH), Constraint::Fill(1)];
        let [list, line] = Layout::horizontal(columns).spacing(2).areas(inner);
        (list, line)
    } else {
        let rows = u16::try_from(rates.len())
            .unwrap_or(u16::MAX)
            .min(inner.height.saturating_sub(1));
        let [list, line] = Layout::vertical([Constraint::Length(rows), Constraint::Fill(1)]).areas(inner);
        (list, line)
    };
    let rows = rates.iter().map(|rate| {
        let colour = if rate.outcome == "permitted" {
            Color::Green
        } else {
            Color::Red
        };
        let cells = [
            Line::styled(format!(" {}", rate.outcome.replace('_', " ")), paint(screen, colour)),
            Line::from(words::rate(rate.per_second)).alignment(Alignment::Right),
            Line::from(words::count(rate.total)).alignment(Alignment::Right),
        ];
        Row::new(cells)
    });
    let widths = [Constraint::Fill(1), Constraint::Length(9), Constraint::Length(13)];
    table(rows.collect(), &widths, [" outcome", "a second", "since start"], list).render(list, cells);
    // The newest stands at the right edge, one column for each second.
    Sparkline::default()
        .data(screen.history.totals().take(usize::from(line.width)))
        .direction(RenderDirection::RightToLeft)
        .style(paint(screen, Color::Cyan))
        .render(line, cells);
}

/// Rows under headings, where there is room for those.
fn table<'r, const N: usize>(
    rows: Vec<Row<'r>>,
    widths: &[Constraint; N],
    heads: [&'static str; N],
    area: Rect,
) -> Table<'r> {
    let table = Table::new(rows, *widths);
    if area.height < HEIGHT_HEADED {
        return table;
    }
    let heads = heads.into_iter().enumerate().map(|(at, head)| {
        let alignment = if at == 0 { Alignment::Left } else { Alignment::Right };
        Line::from(head).alignment(alignment)
    });
    table.header(Row::new(heads).style(Style::new().add_modifier(Modifier::DIM)))
}

fn draw_busiest(screen: &Screen, status: &StatusShown, area: Rect, cells: &mut Buffer) {
    // A server that has just begun has not counted for longer than it is there.
    let seconds = status.busiest_over_s.min(wide(status.uptime_s.max(1)));
    let left = format!(" busiest users, {} ", screen.order.words());
    let right = if seconds > 0.0 && area.width >= WIDTH_BESIDE {
        format!(" over {seconds:.0} s ")
    } else {
        String::new()
    };
    let inner = section(area, left, right, cells);
    let busiest = screen.busiest();
    if busiest.is_empty() {
        Line::from(" nobody has presented a token lately").render(inner, cells);
        return;
    }
    let per_second = |count: u64| {
        let rate = if seconds > 0.0 { wide(count) / seconds } else { 0.0 };
        Line::from(words::rate(rate)).alignment(Alignment::Right)
    };
    let rows = busiest.iter().map(|busy| {
        let share = if busy.checks > 0 {
            100.0 * wide(busy.denied) / wide(busy.checks)
        } else {
            0.0
        };
        let colour = if busy.denied > 0 { Color::Red } else { Color::Reset };
        Row::new([
            Line::from(format!(" {}", busy.name)),
            per_second(busy.checks),
            per_second(busy.denied),
            Line::styled(format!("{share:.0} %"), paint(screen, colour)).alignment(Alignment::Right),
        ])
    });
    let widths = [
        Constraint::Fill(1),
        Constraint::Length(9),
        Constraint::Length(9),
        Constraint::Length(7),
    ];
    let heads = [" user", "checks/s", "denied/s", "denied"];
    let inner = narrowed(inner);
    table(rows.collect(), &widths, heads, inner).render(inner, cells);
}

fn narrowed(area: Rect) -> Rect {
    Rect {
        width: area.width.min(TABLE_WIDTH_MOST),
        ..area
    }
}

fn draw_followers(screen: &Screen, status: &StatusShown, area: Rect, cells: &mut Buffer) {
    if status.followers.is_empty() {
        let text = " no proxies or followers follow";
        Line::styled(text, Style::new().add_modifier(Modifier::DIM)).render(area, cells);
        return;
    }
    let inner = section(area, " proxies and followers ".to_owned(), String::new(), cells);
    let rows = status.followers.iter().map(|follower| {
        let missing = status.revision.saturating_sub(follower.revision);
        let colour = if missing > 0 { Color::Yellow } else { Color::Green };
        let behind = match missing {
            0 => "up to date".to_owned(),
            some => format!("{} behind", words::count(some)),
        };
        Row::new([
            Line::from(format!(" {}", follower.id)),
            Line::styled(behind, paint(screen, colour)).alignment(Alignment::Right),
            Line::from(words::delay(follower.behind_ms)).alignment(Alignment::Right),
        ])
    });
    let widths = [Constraint::Fill(1), Constraint::Length(14), Constraint::Length(10)];
    let heads = [" who", "revisions", "silent"];
    let inner = narrowed(inner);
    table(rows.collect(), &widths, heads, inner).render(inner, cells);
}

fn draw_keys(screen: &Screen, area: Rect, cells: &mut Buffer) {
    let pause = if screen.paused { "p go on" } else { "p pause" };
    let parts = ["q quit", pause, "s sort users", "? help"].map(str::to_owned);
    let style = Style::new().add_modifier(Modifier::REVERSED);
    cells.set_style(area, style);
    fitting(&parts, area.width).style(style).render(area, cells);
}

fn draw_help(area: Rect, cells: &mut Buffer) {
    const LINES: [&str; 8] = [
        "q  Esc  Ctrl-C   quit",
        "p  Space         pause, and go on",
        "s                sort users: checks,",
        "                 denials, name",
        "?  h             this help",
        "",
        "Scripts: tollgate top --json",
        "Why a check fails: tollgate check",
    ];
    let width = 40.min(area.width);
    let height = 10.min(area.height);
    let window = Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    };
    Clear.render(window, cells);
    let lines: Vec<Line<'_>> = LINES.iter().map(|line| Line::from(format!(" {line}"))).collect();
    Paragraph::new(lines)
        .block(Block::bordered().title(" help "))
        .render(window, cells);
}

#[cfg(test)]
mod tests;
