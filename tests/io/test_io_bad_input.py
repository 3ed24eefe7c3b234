"""Whatever is handed in that is no image gives one clear line and no traceback."""

from __future__ import annotations
