"""What is wrong or worth knowing before a run starts, and what it will cost."""

from core.training.preflight.check import check
from core.training.preflight.findings import Finding, Report, Severity
from core.training.preflight.watch import Watch

__all__ = ["Finding", "Report", "Severity", "Watch", "check"]
