//! Questions where the cursor cannot be moved: each is a line, typed with the terminal's own editing. Good to listen to, too.

use super::modes::Plain;
use super::{Item, leave, look, show};
use crate::error::Result;
use crate::fold::fold;
use crate::interrupt;

pub(super) fn line(prompt: &str) -> Result<String> {
    let _plain = Plain::begin();
    let mut typed = String::new();
    let read = interrupt::during_prompt(leave, || {
        show(&look::question(prompt));
        std::io::stdin().read_line(&mut typed)
    });
    match read? {
        Ok(1..) => Ok(typed.trim_end_matches(['\r', '\n']).to_owned()),
        // Ctrl-D: there is nobody to ask.
        _ => Err(interrupt::now()),
    }
}

/// A numbered list; Enter alone takes its first item.
pub(super) fn choice(label: &str, items: &[Item<'_>], columns: usize) -> Result<usize> {
    show(&format!("{label}\n"));
    for (number, item) in (1..).zip(items) {
        let meaning = if item.meaning.is_empty() { String::new() } else { format!(": {}", item.meaning) };
        show(&format!("{}\n", fold(&format!("{number}. {}{meaning}", item.title), columns)));
    }
    loop {
        let typed = line(&format!("Number, 1 to {} [1]", items.len()))?;
        match typed.trim().parse::<usize>() {
            Ok(number) if (1..=items.len()).contains(&number) => return Ok(number - 1),
            Err(_) if typed.trim().is_empty() => return Ok(0),
            _ => {}
        }
    }
}
