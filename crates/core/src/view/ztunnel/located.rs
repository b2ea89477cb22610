//! Tables with the objects behind each row.

use serde::Serialize;

use super::table::{Row, selected};
use super::{Filter, Kind, ZtunnelConfig, table};
use crate::resources::Origin;
use crate::view::origins::{Maker, Places};
use crate::view::table::Table;

/// A table, and what made each of its rows, the decisive object first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct LocatedTable<'c> {
    /// The table.
    #[serde(flatten)]
    pub table: Table,
    /// What made each row; nothing of what is read from a config dump.
    pub origins: Vec<Vec<Maker<'c>>>,
}

/// A kind of resources as a table with the objects behind each row. The rows come in the order of
/// [`values`](super::values).
#[must_use]
pub fn located<'c>(
    config: &'c ZtunnelConfig,
    kind: Kind,
    filter: &Filter,
    places: &Places<'_>,
) -> LocatedTable<'c> {
    let origins = origins(config, kind, filter);
    let located = places.locate(origins.iter().copied().flatten());
    let makers = |row: &&'c [Origin]| {
        row.iter().flat_map(|origin| &origin.causes).map(|cause| located.maker(cause)).collect()
    };
    LocatedTable { table: table(config, kind, filter), origins: origins.iter().map(makers).collect() }
}

/// Adds the column ORIGIN to a table: what `-o wide` shows.
pub fn add_origins(
    table: &mut Table,
    config: &ZtunnelConfig,
    kind: Kind,
    filter: &Filter,
    places: &Places<'_>,
) {
    let origins = origins(config, kind, filter);
    let located = places.locate(origins.iter().copied().flatten());
    let mut rows = origins.iter();
    table.add_column("ORIGIN", |_, _| {
        let causes = rows.next().into_iter().copied().flatten().flat_map(|origin| &origin.causes);
        located.describe(&causes.cloned().collect::<Vec<_>>())
    });
}

/// What made each row, in the order of the rows.
fn origins<'c>(config: &'c ZtunnelConfig, kind: Kind, filter: &Filter) -> Vec<&'c [Origin]> {
    fn of<'c, R: Row>(rows: &'c [R], filter: &Filter) -> Vec<&'c [Origin]> {
        selected(rows, filter).map(Row::origins).collect()
    }
    match kind {
        Kind::Workloads => of(&config.workloads, filter),
        Kind::Services => of(&config.services, filter),
        Kind::Policies => of(&config.policies, filter),
    }
}
