//! Tables of delays and energies over one, two or three quantities.

use super::LibertyError;
use super::tree::Group;

/// Values over the product of their indices; the last index runs fastest.
#[derive(Clone, Debug, PartialEq)]
pub struct LookupTable {
    /// The template's name, which says what each index is.
    pub template: String,
    /// `index_1`, `index_2` …; none where the table leaves them to its template.
    pub indices: Vec<Vec<f64>>,
    /// The values.
    pub values: Vec<f64>,
}

impl LookupTable {
    /// The numbers of a group such as `cell_rise` or `rise_power`.
    ///
    /// - Errors: what is not a number, no values, and values that do not fill the indices.
    pub fn of(group: &Group) -> Result<Self, LibertyError> {
        let mut indices = Vec::new();
        for name in ["index_1", "index_2", "index_3"] {
            indices.extend(group.numbers(name)?);
        }
        let Some(values) = group.numbers("values")? else {
            return Err(group.error(group.line(), format!("`{}` has no values", group.name())));
        };
        let n_places = indices.iter().map(Vec::len).product::<usize>();
        if !indices.is_empty() && n_places != values.len() {
            let message = format!(
                "`{}` has {} values where its indices make {n_places} places",
                group.name(),
                values.len()
            );
            return Err(group.error(group.line(), message));
        }
        Ok(Self {
            template: group.first_argument().to_owned(),
            indices,
            values,
        })
    }
}
