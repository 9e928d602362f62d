//! A prediction that a trace holds, beside what a run file says of it.

use std::path::Path;

use sim_config::run::NamedLayers;
use sim_config::run::prediction::{MethodClaim, MethodKind, PlaceRule};
use sim_core::prediction::PlaceMethod;
use sim_trace::trace::Trace;

use crate::error::RunError;

/// Hold a trace to what `claim` and `layers` say of its prediction.
///
/// - Errors: a trace without predictions, and one that was predicted in another way.
pub(crate) fn check(
    path: &Path,
    trace: &Trace,
    claim: &MethodClaim,
    layers: &NamedLayers,
) -> Result<(), RunError> {
    let predicted: Vec<(&str, PlaceMethod)> = (trace.layers.iter())
        .filter_map(|layer| {
            let about = &layer.predicted.as_ref()?.about;
            // A shortcut has what its place has.
            about
                .shortcut_of
                .is_none()
                .then_some((layer.name.as_str(), about.method))
        })
        .collect();
    if predicted.is_empty() {
        return Err(RunError::at(
            path,
            &"the trace says nothing of predicted outputs, and the run file has [prediction]; capture it again with --predict, \
              or take [prediction] out",
        ));
    }
    let named: Vec<&str> = trace.layers.iter().map(|layer| layer.name.as_str()).collect();
    layers.check_places(&named)?;
    for (name, method) in &predicted {
        let rule = layers
            .places()
            .find(|(other, _)| other == name)
            .map(|(_, rule)| rule);
        let fault = match rule {
            Some(PlaceRule::Pinned(threshold)) => differs(
                method,
                &MethodClaim {
                    threshold: Some(threshold),
                    ..*claim
                },
            ),
            // A file with a trace leaves no place out.
            Some(PlaceRule::LeftOut) | None => differs(method, claim),
        };
        if let Some(fault) = fault {
            return Err(RunError::at(
                path,
                &format!(
                    "layer `{name}`: {fault}; capture the trace again with this prediction, or take the key out"
                ),
            ));
        }
    }
    let missing = layers.places().find(|(name, rule)| {
        matches!(rule, PlaceRule::Pinned(_)) && predicted.iter().all(|(other, _)| other != name)
    });
    match missing {
        Some((name, _)) => Err(RunError::at(
            path,
            &format!(
                "layer `{name}`: its [[layer]] has a threshold, and the trace predicts nothing there; capture the trace again, or \
                 take the key out"
            ),
        )),
        None => Ok(()),
    }
}

/// How a method is another than the one that is claimed.
fn differs(method: &PlaceMethod, claim: &MethodClaim) -> Option<String> {
    let MethodClaim {
        method: kind,
        threshold: claimed_threshold,
        window: claimed_window,
        diagonal: claimed_diagonal,
        zero_up_to: claimed_zero,
    } = *claim;
    let own_kind = match method {
        PlaceMethod::Zap { .. } => MethodKind::Zap,
        PlaceMethod::CrossNeuron { .. } => MethodKind::CrossNeuron,
    };
    if let Some(kind) = kind.filter(|kind| *kind != own_kind) {
        return Some(format!(
            "`method` is \"{kind}\", and the trace was predicted by \"{own_kind}\""
        ));
    }
    let other =
        |key: &str, said: String, found: String| format!("`{key}` is {said}, and the trace has {found}");
    match *method {
        PlaceMethod::Zap { mask: _, threshold } => {
            let said = claimed_threshold
                .map(|said| said.get())
                .filter(|said| *said != threshold)?;
            Some(other("threshold", said.to_string(), threshold.to_string()))
        }
        PlaceMethod::CrossNeuron {
            window,
            diagonal,
            zero_up_to,
        } => {
            let window_fault = claimed_window
                .map(|said| said.get())
                .filter(|said| *said != window)
                .map(|said| other("window", said.to_string(), window.to_string()));
            let diagonal_fault = claimed_diagonal
                .filter(|said| *said != diagonal)
                .map(|said| other("diagonal", said.to_string(), diagonal.to_string()));
            let zero_fault = claimed_zero
                .map(|said| said.get())
                .filter(|said| *said != zero_up_to)
                .map(|said| other("zero-up-to", said.to_string(), zero_up_to.to_string()));
            window_fault.or(diagonal_fault).or(zero_fault)
        }
    }
}
