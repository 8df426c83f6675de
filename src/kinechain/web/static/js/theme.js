// Before the first paint: the colours this browser was told to keep.
try {
  const kept = localStorage.getItem("kinechain-theme");
  if (kept === "light" || kept === "dark") document.documentElement.dataset.theme = kept;
} catch {
  // A browser that keeps nothing follows the system.
}
