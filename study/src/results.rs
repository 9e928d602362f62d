//! What a study leaves behind: a page, tables, figures.

use std::path::Path;

use anyhow::{Context, bail};
use reports::accuracy::throttling;
use reports::whole;
use sim_draw::{Picture as _, text};

use crate::columns;
use crate::file::{FigureSpec, LAYER, LAYER_RELATIVE_MSE, Study};
use crate::measure::Results;
use crate::point::Point;
use crate::{figures, operands, page, tables, warnings};

/// Whether the figures can be drawn from these points; asked before anything runs.
pub(crate) fn check(study: &Study, points: &[Point]) -> anyhow::Result<()> {
    for FigureSpec {
        name, x, y, series, ..
    } in &study.figure
    {
        let is_axis = |key: &String| {
            matches!(key.as_str(), "step" | LAYER)
                || points
                    .iter()
                    .any(|point| point.axes.iter().any(|(other, _)| other == key))
        };
        if columns::find(y).is_none() && y != LAYER_RELATIVE_MSE {
            bail!("figure `{name}`: y is `{y}`, which is no column");
        }
        if columns::find(x).is_none() && !is_axis(x) {
            bail!("figure `{name}`: x is `{x}`, which is neither a column nor a key of a grid");
        }
        if let Some(key) = series.iter().find(|key| !is_axis(key)) {
            bail!("figure `{name}`: series has `{key}`, which is no key of a grid");
        }
    }
    Ok(())
}

/// Write everything below `out`; gives what stands on the page.
pub(crate) fn write(out: &Path, name: &str, study: &Study, results: &Results) -> anyhow::Result<String> {
    let folder = out.join(name);
    std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    save(&folder.join("points.csv"), tables::csv(&results.rows).as_bytes())?;
    save(
        &folder.join("layers.csv"),
        tables::layers_csv(&results.rows).as_bytes(),
    )?;
    for (index, steps) in results.throttlings.iter().enumerate() {
        save(
            &folder.join(format!("throttling-{}.csv", index + 1)),
            throttling::csv(steps).as_bytes(),
        )?;
    }
    if !results.operands.is_empty() {
        let rows = operands::csv(&results.operands);
        save(&folder.join("operands.csv"), text::csv(&rows).as_bytes())?;
    }
    let mut written = format!(
        "{} images. `points.csv` and `layers.csv` in [{name}/]({name}/) have every figure, with intervals.\n\n{}",
        results.rows.first().map_or(0, |row| row.images),
        tables::markdown(&results.rows)
    );
    written.push_str(&warnings::markdown(&results.warnings));
    let mut plots = Vec::new();
    if !results.operands.is_empty() {
        plots.push(operands::plot(&results.operands));
    }
    for spec in &study.figure {
        plots.push(figures::plot(spec, &results.rows)?);
    }
    for plot in &plots {
        let file = |ending: &str| folder.join(&plot.name).with_extension(ending);
        save(&file("csv"), plot.csv().as_bytes())?;
        save(&file("svg"), plot.svg()?.as_bytes())?;
        save(&file("png"), &plot.png()?)?;
        written.push_str(&format!(
            "\n![{} over {}]({name}/{}.svg)\n",
            plot.y.title, plot.x.title, plot.name
        ));
    }
    let file = out.join(name).with_extension("md");
    let old = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => page::empty(&study.title),
        Err(error) => return Err(error).with_context(|| file.display().to_string()),
    };
    let new = page::with_results(&old, &written).with_context(|| file.display().to_string())?;
    save(&file, new.as_bytes())?;
    Ok(written)
}

fn save(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    whole::write(path, |new| std::fs::write(new, bytes))
        .with_context(|| format!("{}: cannot be written", path.display()))
}
