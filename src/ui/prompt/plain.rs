//! Questions where the cursor cannot be moved: each is a line, typed with the terminal's own editing. Good to listen to, too.

use super::modes::Plain;
use super::{BACK, EXPLAIN, Item, columns, leave, show, theme};
use crate::error::Result;
use crate::signals;
use crate::ui::wrap::wrap;

pub(super) fn line(prompt: &str) -> Result<String> {
    let _plain = Plain::begin();
    let mut typed = String::new();
    let read = signals::during_prompt(leave, || {
        show(&theme::question(prompt));
        std::io::stdin().read_line(&mut typed)
    });
    match read? {
        Ok(1..) => Ok(typed.trim_end_matches(['\r', '\n']).to_owned()),
        // Ctrl-D: there is nobody to ask.
        _ => Err(signals::now()),
    }
}

/// A numbered list; Enter alone takes its first item. The rows to explain and to go back follow on the items, and have
/// their keys; `None` is the way back.
pub(super) fn choice(label: &str, items: &[Item<'_>], explains: bool, back: bool) -> Result<Option<usize>> {
    show(&format!("{label}\n"));
    for (number, item) in (1..).zip(items) {
        let meaning = if item.meaning.is_empty() { String::new() } else { format!(": {}", item.meaning) };
        show(&format!("{}\n", wrap(&format!("{number}. {}{meaning}", item.title), Some(columns()))));
    }
    let keys =
        [explains.then_some(", ? explains"), back.then_some(", < goes back")].into_iter().flatten().collect::<String>();
    loop {
        let typed = line(&format!("Number, 1 to {}{keys} [1]", items.len()))?;
        match (typed.trim(), typed.trim().parse::<usize>()) {
            (_, Ok(number)) if (1..=items.len()).contains(&number) => return Ok(Some(number - 1)),
            (EXPLAIN, _) if explains => return Ok(Some(items.len())),
            (BACK, _) if back => return Ok(None),
            ("", _) => return Ok(Some(0)),
            _ => {}
        }
    }
}
