import argparse

analyseur = argparse.ArgumentParser(description="Entraînement 🚂")
analyseur.add_argument("--éta", type=float, default=0.1, help="taux d’apprentissage"); analyseur.add_argument("--größe", type=int)
analyseur.add_argument("--模型", choices=["小", "大"])
analyseur.parse_args()
