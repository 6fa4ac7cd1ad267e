//! The maximum of a likelihood.

use std::cell::Cell;

use anyhow::anyhow;
use argmin::{
    core::{CostFunction, Error, Executor, Gradient},
    solver::{linesearch::MoreThuenteLineSearch, quasinewton::LBFGS},
};

/// How often a search evaluates the likelihood at most.
const MOST_EVALUATIONS: u32 = 200;
/// How many steps back a search remembers.
const MEMORY: usize = 8;
/// A search is over where the slope is no steeper than this: how much the log-likelihood of all customers changes as a
/// parameter changes by the factor e.
const FLAT: f64 = 1e-3;
/// The same for the mean of a customer, whose changes along flatter slopes are lost in rounding.
const FLAT_ON_AVERAGE: f64 = 2e-8;
/// A place so many times as steep is still as good as the maximum: along a ridge that flattens out without end, what is
/// left to gain is about as much as the slope.
const LEEWAY: f64 = 20.0;

/// A log-likelihood of `N` positive parameters.
pub(super) trait LogLikelihood<const N: usize> {
    /// How many customers it is of.
    fn customers(&self) -> f64;

    /// Its value, and its derivatives by the logarithms of the parameters.
    fn at(&self, parameters: [f64; N]) -> (f64, [f64; N]);
}

/// Where a likelihood is greatest.
#[derive(Clone, Copy, Debug)]
pub(super) struct Maximum<const N: usize> {
    /// The parameters there.
    pub parameters: [f64; N],
    /// The log-likelihood there.
    pub log_likelihood: f64,
}

/// Searches the maximum over all positive parameters, from several `starts`. None if no search comes to a place that is
/// flat enough.
///
/// Quasi-Newton steps (L-BFGS) over the logarithms of the parameters, on the mean log-likelihood of a customer, so that
/// steps are alike however many customers there are.
pub(super) fn maximum<const N: usize>(likelihood: &impl LogLikelihood<N>, starts: &[[f64; N]]) -> Option<Maximum<N>> {
    let ends = starts.iter().filter_map(|start| search(likelihood, start));
    ends.max_by(|one, other| one.log_likelihood.total_cmp(&other.log_likelihood))
}

fn search<const N: usize>(likelihood: &impl LogLikelihood<N>, start: &[f64; N]) -> Option<Maximum<N>> {
    let customers = likelihood.customers();
    let flat = (FLAT / customers).max(FLAT_ON_AVERAGE);
    let slope = Slope { likelihood, evaluations: Cell::new(0), last: Cell::new(None), best: Cell::new(None) };
    let solver = LBFGS::new(MoreThuenteLineSearch::new(), MEMORY)
        .with_tolerance_grad(flat)
        .and_then(|solver| solver.with_tolerance_cost(0.0))
        .ok()?;
    let start = start.map(f64::ln).to_vec();
    // A search that finds nothing better ends by an error. Whether the place that it came to is flat enough is told
    // below.
    let _ = Executor::new(&slope, solver).configure(|state| state.param(start)).timer(false).run();
    let best = slope.best.into_inner()?;
    let steepest = best.gradient.iter().fold(0.0, |steepest: f64, slope| steepest.max(slope.abs()));
    let maximum = Maximum { parameters: best.parameters, log_likelihood: best.value };
    (steepest <= LEEWAY * flat * customers).then_some(maximum)
}

/// A likelihood as the solver sees it: to be minimised, over logarithms.
struct Slope<'a, L, const N: usize> {
    likelihood: &'a L,
    /// How often it was evaluated.
    evaluations: Cell<u32>,
    /// Where it was evaluated last: the solver asks for value and gradient one after the other.
    last: Cell<Option<Place<N>>>,
    /// The highest place so far.
    best: Cell<Option<Place<N>>>,
}

#[derive(Clone, Copy, Debug)]
struct Place<const N: usize> {
    parameters: [f64; N],
    value: f64,
    gradient: [f64; N],
}

impl<L: LogLikelihood<N>, const N: usize> Slope<'_, L, N> {
    /// The place with these logarithms of parameters.
    fn at(&self, logarithms: &[f64]) -> Result<Place<N>, Error> {
        let parameters = std::array::from_fn(|index| logarithms[index].exp());
        if let Some(place) =
            self.last.get().filter(|place| place.parameters.map(f64::to_bits) == parameters.map(f64::to_bits))
        {
            return Ok(place);
        }
        self.evaluations.set(self.evaluations.get() + 1);
        if self.evaluations.get() > MOST_EVALUATIONS {
            return Err(anyhow!("the search takes too long"));
        }
        let (value, gradient) = self.likelihood.at(parameters);
        if !value.is_finite() || gradient.iter().any(|slope| !slope.is_finite()) {
            return Err(anyhow!("the search left the range of numbers"));
        }
        let place = Place { parameters, value, gradient };
        self.last.set(Some(place));
        if self.best.get().is_none_or(|best| value > best.value) {
            self.best.set(Some(place));
        }
        Ok(place)
    }
}

impl<L: LogLikelihood<N>, const N: usize> CostFunction for &Slope<'_, L, N> {
    type Param = Vec<f64>;
    type Output = f64;

    fn cost(&self, logarithms: &Vec<f64>) -> Result<f64, Error> {
        Ok(-self.at(logarithms)?.value / self.likelihood.customers())
    }
}

impl<L: LogLikelihood<N>, const N: usize> Gradient for &Slope<'_, L, N> {
    type Param = Vec<f64>;
    type Gradient = Vec<f64>;

    fn gradient(&self, logarithms: &Vec<f64>) -> Result<Vec<f64>, Error> {
        let customers = self.likelihood.customers();
        Ok(self.at(logarithms)?.gradient.map(|slope| -slope / customers).to_vec())
    }
}
