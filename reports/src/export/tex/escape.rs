//! Words as LaTeX prints them.

/// A text as LaTeX prints it, with `pdflatex` and no package: what it cannot print stands as its code point, `U+4E2D`.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut before = None;
    for letter in text.chars() {
        // Two of them would be printed as one longer dash or another quote.
        if before == Some(letter) && matches!(letter, '-' | '\'') {
            escaped.push_str("{}");
        }
        before = Some(letter);
        match command(letter) {
            Some(command) => escaped.push_str(command),
            None if letter.is_whitespace() || letter.is_control() => escaped.push(' '),
            None if letter.is_ascii() || is_accented(letter) => escaped.push(letter),
            None => escaped.push_str(&format!("U+{:04X}", u32::from(letter))),
        }
    }
    escaped
}

/// A text in a comment of one line.
pub(super) fn comment(text: &str) -> String {
    text.replace(
        |letter: char| letter.is_control() || matches!(letter, '\u{2028}' | '\u{2029}'),
        " ",
    )
}

/// Letters that are not printed as they are typed.
const fn command(letter: char) -> Option<&'static str> {
    Some(match letter {
        '\\' => "\\textbackslash{}",
        '{' => "\\{",
        '}' => "\\}",
        '_' => "\\_",
        '&' => "\\&",
        '%' => "\\%",
        '#' => "\\#",
        '$' => "\\$",
        '~' => "\\textasciitilde{}",
        '^' => "\\textasciicircum{}",
        '<' => "\\textless{}",
        '>' => "\\textgreater{}",
        '|' => "\\textbar{}",
        // The fonts of old have closing quotes here.
        '"' => "{''}",
        '`' => "{`}",
        // At the beginning of a row it would be an argument of the row before.
        '[' => "{[}",
        ']' => "{]}",
        '*' => "{*}",
        '×' => "$\\times$",
        '·' => "$\\cdot$",
        '±' => "$\\pm$",
        '−' => "$-$",
        '≤' => "$\\leq$",
        '≥' => "$\\geq$",
        '≠' => "$\\neq$",
        '≈' => "$\\approx$",
        '∞' => "$\\infty$",
        '→' => "$\\rightarrow$",
        '←' => "$\\leftarrow$",
        '°' => "$^{\\circ}$",
        '¹' => "$^{1}$",
        '²' => "$^{2}$",
        '³' => "$^{3}$",
        'µ' | 'μ' => "$\\mu$",
        'α' => "$\\alpha$",
        'β' => "$\\beta$",
        'γ' => "$\\gamma$",
        'δ' => "$\\delta$",
        'Δ' => "$\\Delta$",
        'λ' => "$\\lambda$",
        'π' => "$\\pi$",
        'σ' => "$\\sigma$",
        'Σ' => "$\\Sigma$",
        'Ω' => "$\\Omega$",
        '–' => "--",
        '—' => "---",
        '…' => "\\ldots{}",
        '‘' => "{`}",
        '’' => "'",
        '“' => "{``}",
        '”' => "{''}",
        _ => return None,
    })
}

/// Letters of Western European languages that LaTeX has known as UTF-8 since 2018, in its oldest fonts too.
const fn is_accented(letter: char) -> bool {
    matches!(letter, 'À'..='Ï' | 'Ñ'..='Ö' | 'Ø'..='Ý' | 'ß'..='ï' | 'ñ'..='ö' | 'ø'..='ý' | 'ÿ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_table() {
        #[track_caller]
        fn check(text: &str, want: &str) {
            assert_eq!(escape(text), want);
        }
        check("S+A", "S+A");
        check(r"a_b & 5 % #1 $x {y}", r"a\_b \& 5 \% \#1 \$x \{y\}");
        check(r"~^\", r"\textasciitilde{}\textasciicircum{}\textbackslash{}");
        check("<a|b>", r"\textless{}a\textbar{}b\textgreater{}");
        check("[1] *", "{[}1{]} {*}"); // An argument of the row before.
        check("a---b", "a-{}-{}-b"); // No dash.
        check("4×4 µm²", r"4$\times$4 $\mu$m$^{2}$");
        check("two\nlines\tand\r", "two lines and ");
        check("né", "né");
        check("中\u{1F600}", "U+4E2DU+1F600");
        check("\u{0}", " ");
        check("\"q\"", "{''}q{''}");
    }

    #[test]
    fn a_comment_has_one_line() {
        assert_eq!(comment("run a\nb\r\u{2028}c"), "run a b  c");
    }
}
