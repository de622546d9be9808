"""What comes after the first network: choosing, regularizing, and seeing, hearing, reading."""
