"""The stores that an inventory may be in, each as fresh as a test wants it.

`store` of conftest.py is one of them, and what goldkeep uses without being told; `new_store` makes more:

    def test_something(goldkeep, store):        # runs once for every kind
        goldkeep("list")
        goldkeep("list", "--store", new_store("moto").uri)
"""

import uuid
from dataclasses import dataclass

import boto3
from botocore.config import Config

from emulator import FIRST_KEY

SQLITE, MOTO, LOCAL = "sqlite", "moto", "dynamodb-local"
DYNAMODB = (MOTO, LOCAL)
KINDS = (SQLITE, *DYNAMODB)
REGION = "us-east-1"


@dataclass(frozen=True)
class Store:
    kind: str
    uri: str
    url: str | None = None  # of the service, for DynamoDB
    table: str | None = None

    def behind(self, url):
        """The URI of the same table at another address."""
        return dynamodb_uri(self.table, url)

    @property
    def client(self):
        return client(self.url)

    def items(self):
        """Everything in the table, by (pk, sk)."""
        pages = self.client.get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        found = [item for page in pages for item in page["Items"]]
        return {(item["pk"]["S"], item["sk"]["S"]): item for item in found}


def dynamodb_uri(table, url, region=REGION):
    return f"dynamodb:{table}?region={region}&endpoint={url}"


def client(url, region=REGION):
    """DynamoDB there, by boto3, which tries once."""
    return boto3.client(
        "dynamodb",
        region_name=region,
        endpoint_url=url,
        aws_access_key_id=FIRST_KEY[0],
        aws_secret_access_key=FIRST_KEY[1],
        config=Config(retries={"total_max_attempts": 1}),
    )


def sqlite(folder):
    return Store(SQLITE, f"sqlite:{folder / uuid.uuid4().hex / 'inventory.db'}")


def dynamodb(kind, url):
    """A table that is not there yet."""
    table = f"goldkeep-{uuid.uuid4().hex[:12]}"
    return Store(kind, dynamodb_uri(table, url), url, table)
