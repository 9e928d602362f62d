//! Arguments of `sysmt plot`.

use std::path::PathBuf;

use clap::Args;
use sim_draw::figure::Format;
use sim_draw::look::{Style, Titles, Width};
use sim_draw::palette::Palette;

use super::ForceArgs;
use super::parsers::named;

/// A column and the values of it that count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Where {
    pub(crate) column: String,
    pub(crate) values: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PlotArgs {
    /// Results folder of `sysmt run`, `eval --out` or `sweep`
    #[arg(value_name = "DIR")]
    pub(crate) folder: PathBuf,
    /// Which built-in figures, with commas [default: all that the results have points for]
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) kind: Vec<String>,
    /// Your own figures, as docs/figures.md describes them
    #[arg(long, value_name = "FIGURES.toml")]
    pub(crate) figures: Option<PathBuf>,
    /// Only rows with this value, or one of these, as in pe.threads=2,4; may be given several times
    #[arg(long = "where", value_name = "COLUMN=VALUE", value_parser = column_and_values)]
    pub(crate) only: Vec<Where>,
    /// List the columns of each table, for figures of your own, and draw nothing
    #[arg(long)]
    pub(crate) columns: bool,
    /// Where to write the figures [default: DIR/plots]
    #[arg(long, value_name = "OUT")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) force: ForceArgs,
    /// Formats of the figures, with commas; a CSV and a Python script stand beside each
    #[arg(long, value_name = "FORMAT", value_delimiter = ',', default_value = "svg,png", value_parser = named::<Format>())]
    pub(crate) format: Vec<Format>,
    #[command(flatten)]
    pub(crate) look: LookArgs,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Look")]
pub(crate) struct LookArgs {
    /// Text of 7 points for a column of a paper, or of 16 points for a slide
    #[arg(long, value_name = "STYLE", default_value = "paper", value_parser = named::<Style>())]
    pub(crate) style: Style,
    /// Width of a figure, with its unit: in, cm, mm or pt [default: 3.4in in papers, 10in on slides]
    #[arg(long, value_name = "WIDTH")]
    pub(crate) width: Option<Width>,
    /// Colours
    #[arg(long, value_name = "PALETTE", default_value = "okabe-ito", value_parser = named::<Palette>())]
    pub(crate) palette: Palette,
    /// Whether figures have titles; without them, captions of yours say what they show
    #[arg(long, value_name = "TITLE", default_value = "shown", value_parser = named::<Titles>())]
    pub(crate) title: Titles,
}

/// `pe.threads=2,4`.
fn column_and_values(text: &str) -> Result<Where, String> {
    let wanted = || format!("`{text}` is not COLUMN=VALUE, such as pe.threads=2,4");
    let (column, values) = text.split_once('=').ok_or_else(wanted)?;
    if column.is_empty() || values.is_empty() {
        return Err(wanted());
    }
    Ok(Where {
        column: column.to_owned(),
        values: values.split(',').map(str::to_owned).collect(),
    })
}
