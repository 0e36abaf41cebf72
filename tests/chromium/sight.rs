//! The colors of a page as they are rendered.

use serde_json::{Value as Json, json};

use crate::browser::Browser;

pub(crate) type Color = [u8; 3];

impl Browser {
    /// The system's wish for `light` or `dark` pages.
    pub(crate) fn prefers(&self, scheme: &str) {
        let wish = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.devtools("Emulation.setEmulatedMedia", &wish);
    }

    /// A window of this many CSS pixels.
    pub(crate) fn is_wide(&self, width: u32) {
        let size = json!({ "width": width, "height": 800, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    pub(crate) fn screenshot(&self) -> String {
        self.driver.get("screenshot").as_str().expect("a picture").to_owned()
    }

    /// The color behind the text. No style says it where a body is transparent, so it is that of a pixel in the
    /// corner of a picture, which the browser itself can read.
    pub(crate) fn ground(&self) -> Color {
        let script = "
            const [picture, done] = arguments, image = new Image();
            image.onload = () => {
                const canvas = document.createElement('canvas').getContext('2d');
                canvas.drawImage(image, 0, 0);
                done([...canvas.getImageData(1, 1, 1, 1).data].join());
            };
            image.src = 'data:image/png;base64,' + picture;";
        let pixel = self.driver.post("execute/async", &json!({ "script": script, "args": [self.screenshot()] }));
        color(&pixel)
    }

    /// The colors of all text on the page, none of it on a ground of its own.
    pub(crate) fn inks(&self) -> Vec<Color> {
        let script = "
            const all = [...document.body.querySelectorAll('*')], own = node => node.nodeType === 3 && node.data.trim();
            return all.concat(document.body, document.documentElement).map(one => {
                const style = getComputedStyle(one), text = [...one.childNodes].some(own);
                return [style.backgroundColor, style.opacity, text ? style.color : ''];
            });";
        let found = self.runs(script);
        let styles = found.as_array().expect("styles");
        for style in styles {
            assert_eq!((&style[0], &style[1]), (&json!("rgba(0, 0, 0, 0)"), &json!("1")), "{found}");
        }
        styles.iter().map(|style| &style[2]).filter(|ink| *ink != "").map(color).collect()
    }
}

/// `rgb(0, 0, 0)`, or the same in bare numbers.
fn color(text: &Json) -> Color {
    let numbers = text.as_str().expect("a color").trim_start_matches("rgb(").trim_end_matches(')');
    let mut numbers = numbers.split(',').map(|number| number.trim().parse().expect("0 to 255"));
    std::array::from_fn(|_| numbers.next().expect("red, green and blue"))
}

/// The contrast of two colors as WCAG 2 defines it: 1 to 21.
pub(crate) fn contrast(one: Color, other: Color) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

fn luminance(color: Color) -> f64 {
    let [red, green, blue] = color.map(|part| {
        let part = f64::from(part) / 255.0;
        if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
    });
    0.2126 * red + 0.7152 * green + 0.0722 * blue
}
