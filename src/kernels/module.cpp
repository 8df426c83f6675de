// Compiled kernels of kinechain. Each has a readable twin in Python beside its caller.
// Every array is checked where it comes in, before any is read; the loops run without Python's lock.
#include <nanobind/nanobind.h>

#include "bind.hpp"

NB_MODULE(_kernels, m) {
  // A process that ends on an error still holds its frames, and with them trees; that is no leak to report to a user.
  nanobind::set_leak_warnings(false);
  m.doc() = "Compiled kernels of kinechain; each has a Python twin beside its caller.";
  kinechain::bind_tree(m);
  kinechain::bind_dynamics(m);
  kinechain::bind_signals(m);
  kinechain::bind_paths(m);
  kinechain::bind_balance(m);
  kinechain::bind_tissues(m);
  kinechain::bind_standing(m);
}
