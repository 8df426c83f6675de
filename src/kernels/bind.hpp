// What each file of bindings adds to the module.
#pragma once

#include <nanobind/nanobind.h>

namespace kinechain {

// The tree of mobilities: forward kinematics and inverse kinematics.
void bind_tree(nanobind::module_& m);

}  // namespace kinechain
