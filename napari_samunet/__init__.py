"""Interactive medical image segmentation."""
