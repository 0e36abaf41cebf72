//! Turns terminal output into the screen it shows, and that into SVG.

use std::fmt::Write as _;
use std::num::NonZeroU16;

use anstyle::{AnsiColor, Color, RgbColor, Style};
use anstyle_svg::{Palette, Term};
use vt100::Cell;

use crate::COLUMNS;

/// More than any picture has.
const ROWS: u16 = 120;

/// A dark window with its own background, for light pages and dark ones; each color is legible on it.
const BACKGROUND: RgbColor = RgbColor(0x1c, 0x21, 0x28);
const TEXT: RgbColor = RgbColor(0xd7, 0xdd, 0xe4);
const COLORS: [RgbColor; 8] = [
    RgbColor(0x54, 0x5d, 0x68),
    RgbColor(0xff, 0x7b, 0x72),
    RgbColor(0x57, 0xc9, 0x6b),
    RgbColor(0xe3, 0xb3, 0x41),
    RgbColor(0x6c, 0xb6, 0xff),
    RgbColor(0xd2, 0xa8, 0xff),
    RgbColor(0x56, 0xd4, 0xdd),
    TEXT,
];

/// The lines of the screen, broken where the window ends, with no escape codes but those for color and weight.
pub(crate) fn screen(told: &[u8]) -> String {
    let side = |length| NonZeroU16::new(length).expect("a side");
    let mut parser = vt100::Parser::new(side(ROWS), side(COLUMNS), 0);
    parser.process(told);
    let row = |row| line((0..COLUMNS).filter_map(|column| parser.screen().cell(row, column)));
    let lines: Vec<String> = (0..ROWS).map(row).collect();
    lines.join("\n").trim_end().to_owned()
}

fn line<'a>(cells: impl Iterator<Item = &'a Cell>) -> String {
    let mut line = String::new();
    let mut before = Style::new();
    for cell in cells.filter(|cell| !cell.is_wide_continuation()) {
        let now = style(cell);
        if now != before {
            let _ = write!(line, "{before:#}{now}");
            before = now;
        }
        line.push_str(if cell.has_contents() { cell.contents() } else { " " });
    }
    let _ = write!(line, "{before:#}");
    line.trim_end().to_owned()
}

/// Of all that a terminal can do, what pluton makes use of.
fn style(cell: &Cell) -> Style {
    let color = match cell.fgcolor() {
        vt100::Color::Default => None,
        vt100::Color::Idx(index) => Some(Color::Ansi256(index.into())),
        vt100::Color::Rgb(red, green, blue) => Some(RgbColor(red, green, blue).into()),
    };
    let style = Style::new().fg_color(color);
    if cell.bold() { style.bold() } else { style }
}

pub(crate) fn svg(screen: &str) -> String {
    let mut palette = [TEXT; 16];
    palette[..8].copy_from_slice(&COLORS);
    palette[8..].copy_from_slice(&COLORS);
    Term::new()
        .palette(Palette(palette))
        .fg_color(AnsiColor::White.into())
        .bg_color(BACKGROUND.into())
        .min_width_px(usize::from(COLUMNS) * 17 / 2)
        // An empty row, or the last one touches the frame.
        .render_svg(&format!("{screen}\n"))
}
