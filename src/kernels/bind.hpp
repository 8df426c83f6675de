// What each file of bindings adds to the module.
#pragma once

#include <nanobind/nanobind.h>

namespace kinechain {

// The tree of mobilities: forward kinematics and inverse kinematics.
void bind_tree(nanobind::module_& m);

// Inverse dynamics and joint reactions.
void bind_dynamics(nanobind::module_& m);

// Filter and spline of columns against time.
void bind_signals(nanobind::module_& m);

// Paths of muscles and tissues: lengths, derivatives, wrenches.
void bind_paths(nanobind::module_& m);

// Muscle forces: the force of fibres, and how muscles share a demand.
void bind_balance(nanobind::module_& m);

// Fascia and ligaments: tensions, and how far an arch gives.
void bind_tissues(nanobind::module_& m);

// Where standing bodies come to rest.
void bind_standing(nanobind::module_& m);

}  // namespace kinechain
