"""The ERP's export of all orders, as CSV files, into the raw table."""

import sys

from awsglue.utils import getResolvedOptions
from pyspark.sql import SparkSession

# The pipeline passes arguments of its own as well, which this job has no use for.
given = getResolvedOptions(sys.argv, ["source", "table"])
spark = SparkSession.builder.getOrCreate()
orders = spark.read.csv(given["source"], header=True, inferSchema=True)
orders.writeTo(given["table"]).using("iceberg").createOrReplace()
