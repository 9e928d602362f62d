//! Where a figure comes from, inside its files.

/// The command, version and hash that made a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Of the figure.
    pub title: String,
    /// The command that made the results.
    pub command: String,
    /// The program and its version.
    pub software: String,
    /// BLAKE3 of the results.
    pub blake3: String,
}

impl Made {
    /// Everything in one sentence.
    pub(crate) fn sentence(&self) -> String {
        format!(
            "Made by {} from results of `{}`, BLAKE3 {}",
            self.software, self.command, self.blake3
        )
    }

    /// The same SVG with a title, a description and metadata.
    pub(crate) fn in_svg(&self, svg: &str) -> String {
        let Some((head, body)) = svg.split_once('\n') else {
            return svg.to_owned();
        };
        let field = |name: &str, value: &str| format!("<sysmt:{name}>{}</sysmt:{name}>", escaped(value));
        let fields = [
            field("command", &self.command),
            field("software", &self.software),
            field("blake3", &self.blake3),
        ];
        format!(
            "{head}\n<title>{}</title>\n<desc>{}</desc>\n<metadata xmlns:sysmt=\"urn:sysmt\">{}</metadata>\n{body}",
            escaped(&self.title),
            escaped(&self.sentence()),
            fields.concat()
        )
    }

    /// Keywords of a PNG file.
    pub(crate) fn png_texts(&self) -> Vec<(&'static str, String)> {
        vec![
            ("Title", self.title.clone()),
            ("Software", self.software.clone()),
            ("Source", self.command.clone()),
            ("Comment", format!("BLAKE3 {}", self.blake3)),
        ]
    }
}

/// A text between tags.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
