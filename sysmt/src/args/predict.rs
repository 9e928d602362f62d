//! `--predict`.

use std::path::PathBuf;

use clap::Args;
use sim_config::run::prediction::MaxError;
use sim_predict::cross_neuron::WindowSize;

/// ε where `zap:FILE` does not say it.
const DEFAULT_MAX_ERROR: f64 = 0.1;

#[derive(Debug, Args)]
pub(crate) struct PredictArgs {
    /// Leave out outputs behind ReLUs that are predicted to be zero: a run file with `[prediction]`; `zap:FILE[,ERROR]`,
    /// predictors of ZAP and the most that all places may lose together, else 0.1; or cross-neuron:WINDOW, such as
    /// cross-neuron:2
    #[arg(long, value_name = "PREDICTION", value_parser = predict)]
    pub(crate) predict: Option<Predict>,
}

/// What `--predict` names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Predict {
    /// A run file.
    File(PathBuf),
    /// A predictor file, and ε.
    Zap(PathBuf, MaxError),
    /// Windows of this size.
    CrossNeuron(WindowSize),
}

/// A file whose name begins as a method does is named by a path, such as `./zap:x`.
fn predict(text: &str) -> Result<Predict, String> {
    if let Some(window) = text.strip_prefix("cross-neuron:") {
        let window = window
            .parse()
            .map_err(|_| format!("`{window}` is not the size of a window; write cross-neuron:2"))?;
        let window = WindowSize::new(window).map_err(|error| error.to_string())?;
        return Ok(Predict::CrossNeuron(window));
    }
    if let Some(rest) = text.strip_prefix("zap:") {
        // The name of a file may hold commas.
        let limit = rest
            .rsplit_once(',')
            .and_then(|(file, limit)| Some((file, limit.trim().parse().ok()?)));
        let (file, limit) = limit.unwrap_or((rest, DEFAULT_MAX_ERROR));
        if file.is_empty() {
            return Err("no predictor file is named; write zap:FILE".to_owned());
        }
        let limit = MaxError::new(limit).map_err(|error| error.to_string())?;
        return Ok(Predict::Zap(file.into(), limit));
    }
    match text {
        "" | "zap" | "cross-neuron" => Err(format!(
            "`{text}` is not a prediction; write a run file, zap:FILE or cross-neuron:WINDOW"
        )),
        file => Ok(Predict::File(file.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_files_and_numbers_are_told_apart() {
        let limit = |value| MaxError::new(value).expect("a limit");
        for (text, want) in [
            (
                "cross-neuron:3",
                Ok(Predict::CrossNeuron(WindowSize::new(3).expect("a size"))),
            ),
            ("zap:a", Ok(Predict::Zap("a".into(), limit(0.1)))),
            ("zap:a,b", Ok(Predict::Zap("a,b".into(), limit(0.1)))),
            ("zap:a,b,0", Ok(Predict::Zap("a,b".into(), limit(0.0)))),
            ("a/zap:x.toml", Ok(Predict::File("a/zap:x.toml".into()))),
            (
                "cross-neuron:x",
                Err("`x` is not the size of a window; write cross-neuron:2"),
            ),
            (
                "cross-neuron:1",
                Err("1 is not the size of a window; it is 2 to 255"),
            ),
            (
                "zap:a,-1",
                Err("-1 is not a limit of errors; it is a finite number from 0 on"),
            ),
            (
                "zap:a,inf",
                Err("inf is not a limit of errors; it is a finite number from 0 on"),
            ),
            ("zap:,1", Err("no predictor file is named; write zap:FILE")),
            (
                "zap",
                Err("`zap` is not a prediction; write a run file, zap:FILE or cross-neuron:WINDOW"),
            ),
        ] {
            assert_eq!(predict(text), want.map_err(str::to_owned), "{text}");
        }
    }
}
