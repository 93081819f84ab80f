"""The scripts that Glue and CodeBuild start."""
